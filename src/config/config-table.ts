/**
 * The configuration as a table for people, from the same schema that reads it.
 */
import { environmentSchema } from './schema.ts'
import { variableNotes } from './variable.ts'

export interface ConfigRow {
  readonly name: string
  readonly type: string
  /** Empty when there is none. */
  readonly fallback: string
  readonly doc: string
}

/** One row for each variable, in the schema's order. */
export function configTable(): readonly ConfigRow[] {
  return Object.entries(environmentSchema.shape).map(([name, schema]) => {
    const notes = variableNotes.get(schema)
    if (notes === undefined) throw new Error(`${name} has no notes: build it with variable()`)
    return { name, type: notes.type, fallback: notes.shownDefault, doc: notes.doc }
  })
}
