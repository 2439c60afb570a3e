/** What clients were answered 200 for, and what they tried to send at all. */
import type { SentRecord } from './batch.ts'

export interface Promises {
  attempted(records: readonly SentRecord[]): void
  promised(records: readonly SentRecord[]): void
  /** Every record tried, whether it was promised or not. */
  all(): readonly { readonly record: SentRecord; readonly isPromised: boolean }[]
}

export function createPromises(): Promises {
  const records = new Map<string, SentRecord>()
  const promised = new Set<string>()
  return {
    attempted: (sent) => {
      for (const record of sent) records.set(record.id, record)
    },
    promised: (sent) => {
      for (const { id } of sent) promised.add(id)
    },
    all: () =>
      [...records.values()].map((record) => ({ record, isPromised: promised.has(record.id) })),
  }
}
