/**
 * The user's own rules of masking (`MASK_PATTERNS_FILE`): one a line, `name: pattern`, with `#` for
 * comments. A pattern is a regular expression in the syntax of JavaScript, without look-around and
 * back-references: it runs in V8's linear engine, so that none can stop the process.
 */
import { setFlagsFromString } from 'node:v8'
import { LINEAR_ENGINE, LINEAR_RULE, linearExpression } from '../../domain/linear-expression.ts'
import { err, ok, type Result } from '../../domain/result.ts'

export interface UserRule {
  readonly name: string
  readonly pattern: RegExp
}

const LINE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})\s*:\s*(.+)$/
const MAX_RULES = 200

/** Reads the file's text; the error completes "MASK_PATTERNS_FILE …" and names the line. */
export function parseUserRules(text: string): Result<readonly UserRule[], string> {
  setFlagsFromString(LINEAR_ENGINE)
  const rules: UserRule[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name, source] = LINE.exec(trimmed) ?? []
    if (name === undefined || source === undefined) {
      return err(`line ${index + 1} is not "name: pattern"`)
    }
    if (rules.length >= MAX_RULES) return err(`has more than ${MAX_RULES} patterns`)
    const pattern = linearExpression(source, 'g')
    if (pattern === undefined) {
      return err(`line ${index + 1} (${name}) is not a regular expression ${LINEAR_RULE}`)
    }
    if (pattern.test('')) return err(`line ${index + 1} (${name}) matches the empty text`)
    rules.push({ name, pattern })
  }
  return ok(rules)
}

/** A rule that was accepted before, from the source of its pattern; throws for any other. */
export function userRuleOf(name: string, source: string): UserRule {
  const pattern = linearExpression(source, 'g')
  if (pattern === undefined) throw new SyntaxError(`the pattern of ${name} is none`)
  return { name, pattern }
}
