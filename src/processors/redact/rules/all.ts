/** All rules in the order in which they are tried where several have the same keyword. */
import type { MaskRule } from '../rule.ts'
import { assignmentRules } from './assignments.ts'
import { cloudRules } from './cloud.ts'
import { commandRules } from './commands.ts'
import { credentialRules } from './credentials.ts'
import { encodedRules } from './encoded.ts'
import { foreignPasswordRules } from './foreign-passwords.ts'
import { forgeRules } from './forges.ts'
import { handedOverRules } from './handed-over.ts'
import { keyRules } from './keys.ts'
import { kubernetesRules } from './kubernetes.ts'
import { listRules } from './lists.ts'
import { modelRules } from './models.ts'
import { serviceRules } from './services.ts'
import { sessionRules } from './sessions.ts'
import { walletRules } from './wallets.ts'

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
  ...kubernetesRules,
  ...credentialRules,
  ...commandRules,
  ...handedOverRules,
  ...encodedRules,
  ...foreignPasswordRules,
  ...sessionRules,
  ...walletRules,
  ...listRules,
  ...assignmentRules,
]
