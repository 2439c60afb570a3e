/**
 * Records in lots that are stored in one go. What the records of a scope share is read with each of
 * them, so a lot is smaller where that is large.
 */
import type { Origin } from '../domain/telemetry-record.ts'
import { MAX_PART_RECORDS } from '../otlp/decoding.ts'

/** A record that shares so much counts for two. */
const SHARED_BYTES_OF_A_RECORD = 4096

/** So few are one lot, whatever they share. */
const MAX_FEW = 32

/** Splits the records of a part, in their order. */
export function* lotsOf<T>(
  records: readonly T[],
  originOf: (record: T) => Origin | undefined,
): Generator<readonly T[], void, undefined> {
  if (records.length <= MAX_FEW) {
    if (records.length > 0) yield records
    return
  }
  let begin = 0
  let weight = 0
  let resource: Origin['resource'] | undefined
  let weightOfOne = 1
  for (const [index, record] of records.entries()) {
    const shared = originOf(record)?.resource
    if (shared !== resource) {
      resource = shared
      const bytes = JSON.stringify(shared ?? null).length
      weightOfOne = 1 + Math.floor(bytes / SHARED_BYTES_OF_A_RECORD)
    }
    if (index > begin && weight + weightOfOne > MAX_PART_RECORDS) {
      yield records.slice(begin, index)
      begin = index
      weight = 0
    }
    weight += weightOfOne
  }
  if (begin < records.length) yield records.slice(begin)
}
