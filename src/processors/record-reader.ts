/**
 * What all processors do alike: read the records of a request one by one, keep the refused apart,
 * bound the names of the others, and put them in the order in which they happened.
 */
import type { Intake, Rejection } from '../domain/rejection.ts'
import type { Result } from '../domain/result.ts'
import type { Arrival } from '../domain/session-store.ts'
import { boundedItem } from './bounded-item.ts'

/** How records of one signal are read. Pure. */
export interface RecordReader<R> {
  /** What a record means, or why it is refused. */
  readonly read: (record: R, arrivedMs: number) => Result<Arrival, Rejection>
  /** The order in which the records of a request happened. */
  readonly compare: (a: Arrival, b: Arrival) => number
}

/** Records read between two pauses: some milliseconds. */
const RECORDS_PER_SLICE = 1000

/** Reads a batch at once. */
export function readRecords<R>(
  reader: RecordReader<R>,
  records: readonly R[],
  arrivedMs: number,
): Intake<Arrival> {
  const intake = readUnsorted(reader, records, arrivedMs)
  intake.accepted.sort(reader.compare)
  return intake
}

/** The same for a batch of any length, with a pause now and then in which others have their turn. */
export async function readInSlices<R>(
  reader: RecordReader<R>,
  records: readonly R[],
  arrivedMs: number,
  pause: () => Promise<void>,
): Promise<Intake<Arrival>> {
  const accepted: Arrival[] = []
  const rejected: Rejection[] = []
  for (let from = 0; from < records.length; from += RECORDS_PER_SLICE) {
    if (from > 0) await pause()
    const slice = records.slice(from, from + RECORDS_PER_SLICE)
    const intake = readUnsorted(reader, slice, arrivedMs)
    for (const arrival of intake.accepted) accepted.push(arrival)
    for (const rejection of intake.rejected) rejected.push(rejection)
  }
  accepted.sort(reader.compare)
  return { accepted, rejected }
}

function readUnsorted<R>(reader: RecordReader<R>, records: readonly R[], arrivedMs: number) {
  const accepted: Arrival[] = []
  const rejected: Rejection[] = []
  for (const record of records) {
    const read = reader.read(record, arrivedMs)
    if (read.ok) accepted.push(boundedArrival(read.value))
    else rejected.push(read.error)
  }
  return { accepted, rejected }
}

export function boundedArrival(arrival: Arrival): Arrival {
  const item = boundedItem(arrival.item)
  return item === arrival.item ? arrival : { ...arrival, item }
}
