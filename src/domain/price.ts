/** What a model call costs by a table of prices: the question, the answer, and who may be asked. */
import type { Cost, TokenUsage } from './agent-event.ts'

/** US dollars by kind of token; the kinds of `TokenUsage`, as far as something was used of them. */
export type CostByKind = Readonly<Partial<Record<keyof TokenUsage, number>>>

export interface PriceQuery {
  /** As the agent names it; without one the model's name has to do. */
  readonly provider?: string | undefined
  /** As the agent names it, aliases and regions included. */
  readonly model: string
  /** When the call was made, epoch ms: prices change. */
  readonly timeMs: number
  readonly usage: TokenUsage
}

export interface Price extends Cost {
  readonly source: 'estimated' | 'override'
  /** Adds up to `usd`. */
  readonly byKind: CostByKind
}

/** The price of a call; undefined where no price of its model is known. Pure, and never throws. */
export type PriceOf = (query: PriceQuery) => Price | undefined
