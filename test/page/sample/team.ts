/** The made-up team: its models, its people, and numbers that look like numbers. */
import type { Tokens } from '../../../src/api/contract/quantities.ts'

export const MODELS = ['claude-opus-5-5', 'claude-sonnet-5-1', 'claude-haiku-4-8'] as const
export const USERS = ['ada@example.com', 'grace@example.com', 'edsger@example.com'] as const

/** From 0 to 1, the same for the same number. */
export function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453
  return x - Math.floor(x)
}

export function tokensOf(size: number): Tokens {
  return {
    input: Math.round(120 * size),
    output: Math.round(900 * size),
    cacheRead: Math.round(64_000 * size),
    cacheCreation: Math.round(5_200 * size),
  }
}
