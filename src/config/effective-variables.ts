/**
 * The variables as they hold, for a person to check: what is given, else the default. Secrets are
 * hidden.
 */
import { MASK } from './config-problem.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { environmentSchema } from './schema.ts'
import { variableNotes } from './variable.ts'

export interface EffectiveVariable {
  readonly name: string
  /** A secret's is a mask; a default may be words, and empty. */
  readonly value: string
  /** Whether it was given; else the value is the default. */
  readonly isSet: boolean
}

/** One for each variable, in the schema's order. */
export function effectiveVariables(
  variables: Readonly<Record<string, string | undefined>>,
): readonly EffectiveVariable[] {
  return Object.entries(environmentSchema.shape).map(([name, schema]) => {
    const notes = variableNotes.get(schema)
    const given = variables[name]?.trim() ?? ''
    if (given === '') return { name, value: notes?.shownDefault ?? '', isSet: false }
    return {
      name,
      value: notes?.isSecret === true ? MASK : withoutUrlPasswords(given),
      isSet: true,
    }
  })
}
