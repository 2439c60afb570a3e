/**
 * Regular expressions that others write: they run in V8's linear engine, so that none of them, with whatever
 * text, can stop the process. It has no back-references and no look-ahead. V8 has it behind a flag, which is of
 * the whole process: whoever reads such an expression first (`config/syntax.ts`, `redact/user-rules.ts`) sets it.
 */

/** The flag, for `setFlagsFromString`; it only adds the `l` flag of regular expressions. */
export const LINEAR_ENGINE = '--enable-experimental-regexp-engine'
export const LINEAR_RULE = 'without look-ahead and back-references'

/** Undefined for what is none. `flags` are those of JavaScript. */
export function linearExpression(source: string, flags = ''): RegExp | undefined {
  try {
    return new RegExp(source, `${flags}l`)
  } catch {
    return undefined
  }
}
