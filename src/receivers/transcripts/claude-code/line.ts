/** What lines of Claude Code say of themselves, copies among them. */
import { type Line, objectOf, textOf } from '../source.ts'

/** Of each line that `/branch` copied: the session that this did from, and the id that the message has there. */
export function forkedFrom(line: Line): Line | undefined {
  return objectOf(line.forkedFrom)
}

/** The id that a message was written with. */
export function uuidOf(line: Line): string | undefined {
  return textOf(forkedFrom(line)?.messageUuid) ?? textOf(line.uuid)
}
