/** Findings of each shape: with and without a subject, tokens, a cost and a time. */
import type { WasteFinding, WasteInRange } from '../../../src/api/contract/waste.ts'
import { sessionRows } from './sessions.ts'

export function waste(): WasteFinding[] {
  return [
    {
      kind: 'cold_cache',
      subject: 'claude-opus-5-5',
      count: 2,
      tokens: 241_000,
      usd: 1.39,
      ms: 3_900_000,
    },
    { kind: 'retry_loop', subject: 'Bash', count: 4, tokens: 96_000, usd: 0.31, ms: 84_000 },
    { kind: 'compaction', subject: '', count: 1, tokens: 154_000, usd: 0.22, ms: 21_000 },
    {
      kind: 'repeated_read',
      subject: '/home/ada/projects/shop/src/checkout/payment-provider-registry.ts',
      count: 3,
      tokens: 27_000,
      usd: 0.17,
      ms: null,
    },
    { kind: 'waiting', subject: 'Bash', count: 2, tokens: null, usd: null, ms: 310_000 },
  ]
}

/** The same by kind, in two of the sample's sessions. */
export function wasteInRange(): WasteInRange {
  const [first, second] = sessionRows(0)
  const kinds = waste().map(({ kind, count, tokens, usd, ms }, at) => {
    const sum = { kind, count, tokens, usd, ms }
    const worst = [first, ...(at === 0 ? [second] : [])].flatMap((row) =>
      row === undefined
        ? []
        : [{ key: row.key, sessionId: row.sessionId, title: row.title, usd: sum.usd, ms: sum.ms }],
    )
    return { ...sum, sessions: worst.length, worst }
  })
  return {
    fromMs: 0,
    toMs: 1,
    sessions: { all: 812, looked: 30 },
    costUsd: { all: 120, looked: 84 },
    usd: 2.09,
    kinds,
  }
}
