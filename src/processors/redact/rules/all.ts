/** All rules in the order in which they are tried where several have the same keyword. */
import type { MaskRule } from '../rule.ts'
import { assignmentRules } from './assignments.ts'
import { cloudRules } from './cloud.ts'
import { commandRules } from './commands.ts'
import { credentialRules } from './credentials.ts'
import { forgeRules } from './forges.ts'
import { keyRules } from './keys.ts'
import { modelRules } from './models.ts'
import { serviceRules } from './services.ts'

/** Recognise a secret by its own shape. */
export const tokenRules: readonly MaskRule[] = [
  ...keyRules,
  ...cloudRules,
  ...forgeRules,
  ...modelRules,
  ...serviceRules,
]

/** Recognise one by what stands around it. */
export const contextRules: readonly MaskRule[] = [
  ...credentialRules,
  ...commandRules,
  ...assignmentRules,
]
