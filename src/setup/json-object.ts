/**
 * JSON text of a settings file, edited in place: what is not touched keeps its bytes, indentation
 * and line ends. Text that is no JSON object is refused, never mended; comments and commas too many
 * count as that, since Claude Code reads nothing of a file that has them (seen on 2.1.329).
 */
import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  type ParseError,
  parse,
  printParseErrorCode,
} from 'jsonc-parser'
import { err, ok, type Result } from '../domain/result.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The object that the text is; blank text is an empty one. The error completes "the file …". Some agents
 * read comments, and commas too many, in theirs.
 */
export function parseJsonObject(
  text: string,
  { allowComments = false }: { readonly allowComments?: boolean } = {},
): Result<JsonObject, string> {
  if (text.trim() === '') return ok({})
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, {
    disallowComments: !allowComments,
    allowTrailingComma: allowComments,
  })
  const [first] = errors
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length
    return err(`is not JSON (line ${line}: ${printParseErrorCode(first.error)})`)
  }
  return isObject(value) ? ok(value) : err('is JSON, but not an object')
}

/** Sets the value at a path, or takes it out when it is `undefined`. */
export function withValue(text: string, path: JSONPath, value: unknown): string {
  return applyEdits(text, modify(text, path, value, { formattingOptions: formatOf(text) }))
}

/** Appends to the array at a path, which must be there. */
export function withElement(text: string, path: JSONPath, length: number, value: unknown): string {
  const edits = modify(text, [...path, length], value, {
    formattingOptions: formatOf(text),
    isArrayInsertion: true,
  })
  return applyEdits(text, edits)
}

/** As the text itself is written; its line ends the parser finds by itself. */
function formatOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
  }
}
