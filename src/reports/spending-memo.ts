/**
 * What was spent within the windows of budgets, for those who ask every few seconds: of a month, all but today is
 * remembered until a commit adds to it, so that a question reads a day.
 */
import type { Visible } from '../domain/access.ts'
import type { SpentRow } from '../domain/budget-brake.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { Span } from '../storage/usage-slice.ts'

/** Whoever gets the rows adds up those that are of the same names. */
export type ReadSpending = (span: Span) => Promise<readonly SpentRow[]>

export interface SpendingMemo {
  /** Reads for one question: each span once. What lies before `todayMs` is remembered. */
  reading(
    reader: Pick<StoreReader, 'budgets'>,
    visible: Visible,
    of: { readonly todayMs: number; readonly nowMs: number },
  ): ReadSpending
  /** Something was added to these quarters of an hour. */
  changed(bucketsMs: readonly number[]): void
  /** What lies within may count for others now. */
  regrouped(span: Span): void
  /** Anything may be another one now. */
  clear(): void
}

interface Remembered {
  readonly span: Span
  readonly untilMs: number
  readonly rows: Promise<readonly SpentRow[]>
}

/** Whoever reads from a replica is told of changes before it has them. */
const KEPT_MS = 60_000
const MAX_REMEMBERED = 100

export function createSpendingMemo(): SpendingMemo {
  const remembered = new Map<string, Remembered>()

  function before(
    reader: Pick<StoreReader, 'budgets'>,
    visible: Visible,
    span: Span,
    nowMs: number,
  ): Promise<readonly SpentRow[]> {
    const key = JSON.stringify([visible, span.fromMs, span.toMs])
    const known = remembered.get(key)
    if (known !== undefined && known.untilMs > nowMs) return known.rows
    const rows = reader.budgets.spending(span)
    remembered.delete(key)
    remembered.set(key, { span, untilMs: nowMs + KEPT_MS, rows })
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MAX_REMEMBERED) break
      remembered.delete(oldest)
    }
    // A failure is nobody's answer but this one's.
    rows.catch(() => remembered.delete(key))
    return rows
  }

  return {
    reading: (reader, visible, { todayMs, nowMs }) => {
      const asked = new Map<string, Promise<readonly SpentRow[]>>()
      async function read({ fromMs, toMs }: Span): Promise<readonly SpentRow[]> {
        if (fromMs >= todayMs || toMs <= todayMs) return reader.budgets.spending({ fromMs, toMs })
        const [past, today] = await Promise.all([
          before(reader, visible, { fromMs, toMs: todayMs }, nowMs),
          reader.budgets.spending({ fromMs: todayMs, toMs }),
        ])
        return [...past, ...today]
      }
      return (span) => {
        const key = `${span.fromMs} ${span.toMs}`
        const known = asked.get(key) ?? read(span)
        asked.set(key, known)
        return known
      }
    },
    changed: (bucketsMs) => {
      for (const [key, { span }] of remembered) {
        const isWithin = (ms: number) => ms >= span.fromMs && ms < span.toMs
        if (bucketsMs.some(isWithin)) remembered.delete(key)
      }
    },
    regrouped: ({ fromMs, toMs }) => {
      for (const [key, { span }] of remembered) {
        if (span.fromMs < toMs && fromMs < span.toMs) remembered.delete(key)
      }
    },
    clear: () => remembered.clear(),
  }
}
