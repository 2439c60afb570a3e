/** The ticket that a branch is for, read from the branch's name. */

import { linearExpression } from './linear-expression.ts'

/** As Jira, Linear and YouTrack name tickets: `SHOP-42` in `feature/SHOP-42-checkout`. */
export const DEFAULT_TICKET_PATTERN = '[A-Z][A-Z0-9]+-[0-9]+'

/** The ticket in the name of a branch; undefined where there is none. */
export type TicketOf = (branch: string) => string | undefined

const MAX_REMEMBERED = 10_000

/**
 * Reads tickets by a regular expression: what its first group that takes part matches, or all of it where it has none.
 * Anybody who sends telemetry chooses names of branches, so the expression is linear. Throws a SyntaxError for a
 * pattern that is none.
 */
export function createTicketReader(pattern: string = DEFAULT_TICKET_PATTERN): TicketOf {
  const expression =
    pattern === DEFAULT_TICKET_PATTERN ? new RegExp(pattern) : linearExpression(pattern)
  if (expression === undefined) throw new SyntaxError(`${pattern} is no pattern of tickets`)
  const known = new Map<string, string | undefined>()
  return (branch) => {
    if (known.has(branch)) return known.get(branch)
    const found = expression.exec(branch)
    const [whole, ...parts]: readonly (string | undefined)[] = found ?? []
    const ticket = parts.find((part) => part !== undefined) ?? whole
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(branch, ticket === '' ? undefined : ticket)
    return known.get(branch)
  }
}
