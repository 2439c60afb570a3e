/**
 * What an answer may hold: bytes are bounded, not only rows, since agents send texts and names of any
 * length. Lists end early and say so; long texts in lists are cut, and stand whole where their thing
 * is asked for by itself.
 */
import { hash } from 'node:crypto'

/** Bytes of the rows of one answer. With all that stands around them it stays below 2 MB. */
export const MAX_LIST_BYTES = 1_500_000
/** Characters of a text that is asked for by itself, and bytes of a record. */
export const MAX_WHOLE_LENGTH = 2_000_000
/** Longer names than this (of models, tools, projects, …) name nothing that a person could read. */
const MAX_NAME_LENGTH = 200

/** The text, cut to that many characters with an ellipsis as its last. */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).toWellFormed()}…`
}

export function cutName(name: string): string {
  return cutText(name, MAX_NAME_LENGTH)
}

/** Whether a name is short enough to be chosen from a menu. */
export function isName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH
}

/** Encoded for a path, three or four times as long: within what the server takes. */
const MAX_ID_LENGTH = 300

/** Stands for an id that an agent made: itself, or its beginning and a hash where it is very long. */
export function shortId(id: string): string {
  return id.length <= MAX_ID_LENGTH ? id : `${id.slice(0, 100)}…${hash('sha1', id)}`
}

/** Bytes of a value as JSON. */
export function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** How many values from the head come to at most `maxBytes` as JSON; at least one where there is one. */
export function countWithin(values: readonly object[], maxBytes: number): number {
  let bytes = 0
  for (const [index, value] of values.entries()) {
    bytes += jsonBytes(value)
    if (bytes > maxBytes && index > 0) return index
  }
  return values.length
}
