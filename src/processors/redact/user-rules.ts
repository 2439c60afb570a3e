/**
 * The user's own rules of masking (`MASK_PATTERNS_FILE`): one a line, `name: pattern`, with `#` for
 * comments. A pattern is a regular expression in the syntax of JavaScript, without look-around and
 * back-references: it runs in V8's linear engine, so that none can stop the process.
 */
import { setFlagsFromString } from 'node:v8'
import { err, ok, type Result } from '../../domain/result.ts'

export interface UserRule {
  readonly name: string
  readonly pattern: RegExp
}

const LINE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})\s*:\s*(.+)$/
const MAX_RULES = 200

/** Reads the file's text; the error completes "MASK_PATTERNS_FILE …" and names the line. */
export function parseUserRules(text: string): Result<readonly UserRule[], string> {
  // A flag of the whole process; it only adds the `l` flag of regular expressions.
  setFlagsFromString('--enable-experimental-regexp-engine')
  const rules: UserRule[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name, source] = LINE.exec(trimmed) ?? []
    if (name === undefined || source === undefined) {
      return err(`line ${index + 1} is not "name: pattern"`)
    }
    if (rules.length >= MAX_RULES) return err(`has more than ${MAX_RULES} patterns`)
    const pattern = linearPattern(source)
    if (pattern === undefined) {
      return err(
        `line ${index + 1} (${name}) is not a regular expression without look-around and back-references`,
      )
    }
    if (pattern.test('')) return err(`line ${index + 1} (${name}) matches the empty text`)
    rules.push({ name, pattern })
  }
  return ok(rules)
}

/** A rule that was accepted before, from the source of its pattern. */
export function userRuleOf(name: string, source: string): UserRule {
  return { name, pattern: new RegExp(source, FLAGS) }
}

/** Of V8's linear engine. */
const FLAGS = 'gl'

function linearPattern(source: string): RegExp | undefined {
  try {
    return new RegExp(source, FLAGS)
  } catch {
    return undefined
  }
}
