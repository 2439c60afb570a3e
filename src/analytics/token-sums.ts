/** Tokens as the API counts them. */
import type { TokenUsage } from '../domain/agent-event.ts'
import type { Tokens } from '../web/contract/quantities.ts'

export function emptyTokens(): Tokens {
  return { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }
}

/** Adds in place. */
export function addUsage(into: Tokens, usage: TokenUsage | undefined): void {
  if (usage === undefined) return
  into.input += usage.input
  into.output += usage.output
  into.cacheRead += usage.cacheRead
  into.cacheCreation += usage.cacheCreation
}

export function tokensOf({ input, output, cacheRead, cacheCreation }: Tokens): Tokens {
  return { input, output, cacheRead, cacheCreation }
}
