/** Records, prompts and controls as a commit stores them. */
import type { ControlOfSession } from '../../domain/session-control.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { Origin, StoredRecord } from '../../domain/telemetry-record.ts'
import { detailOf } from '../control-text.ts'
import { packJson } from '../packed-json.ts'
import { promptOf } from '../transcript-joins.ts'
import type { Statements } from './connection.ts'
import { POSITIONS_PER_BLOCK } from './positions.ts'
import { finite, keyText, optionalText } from './stored-values.ts'
import { insertRows, type Row } from './values-list.ts'

/** About what a record takes besides its text: its row in the duplicate filter, with its index. */
export const BYTES_BESIDE = 150

/**
 * Records in a row that came together from one origin. Never more than a row: the order in which
 * batches lie is that in which records were folded.
 */
export interface Batch {
  readonly sessionRef: number
  readonly first: Arrival
  readonly records: StoredRecord['record'][]
}

/** The batches of arrivals, session by session. */
export function batchesOf(
  arrivals: readonly Arrival[],
  refOf: (arrival: Arrival) => number,
): readonly Batch[] {
  return [...Map.groupBy(arrivals, refOf)].flatMap(([sessionRef, own]) => {
    const batches: Batch[] = []
    for (const arrival of own) {
      const last = batches.at(-1)
      const fits = last !== undefined && last.records.length < POSITIONS_PER_BLOCK
      if (fits && isAlike(last.first, arrival)) last.records.push(arrival.stored.record)
      else batches.push({ sessionRef, first: arrival, records: [arrival.stored.record] })
    }
    return batches
  })
}

function isAlike(a: Arrival, b: Arrival): boolean {
  return a.origin === b.origin && a.arrivedMs === b.arrivedMs && a.stored.signal === b.stored.signal
}

/** What batches of one commit have in common. */
interface BatchContext {
  readonly positions: readonly number[]
  readonly origins: ReadonlyMap<Origin, number>
  readonly policyRef: number
}

/** Resolves to what was added to each session. */
export async function insertBatches(
  statements: Statements,
  batches: readonly Batch[],
  { positions, origins, policyRef }: BatchContext,
): Promise<ReadonlyMap<number, number>> {
  const added = new Map<number, number>()
  const rows = batches.map(({ sessionRef, first, records }, at): Row => {
    const text = JSON.stringify(records)
    const packed = packJson(text)
    const bytes = packed.length + records.length * BYTES_BESIDE
    added.set(sessionRef, (added.get(sessionRef) ?? 0) + bytes)
    return [
      sessionRef,
      positions[at],
      origins.get(first.origin),
      policyRef,
      first.stored.signal,
      first.arrivedMs,
      records.length,
      Buffer.byteLength(text),
      packed,
    ]
  })
  const columns = [
    'session_ref',
    'id',
    'origin_ref',
    'policy_ref',
    'signal',
    'received_ms',
    'records',
    'json_bytes',
    'body',
  ]
  await insertRows(statements, 'record_batches', columns, rows)
  return added
}

export async function insertPrompts(
  statements: Statements,
  arrivals: readonly Arrival[],
  refOf: (arrival: Arrival) => number,
): Promise<void> {
  const rows = arrivals.flatMap((arrival): Row[] => {
    const item = promptOf(arrival)
    if (item === undefined) return []
    return [
      [
        refOf(arrival),
        keyText(item.dedupKey.toWellFormed()),
        finite(item.timeMs),
        optionalText(item.promptId),
        optionalText(item.command),
        finite(item.prompt.length),
        optionalText(item.prompt.text),
      ],
    ]
  })
  const columns = ['session_ref', 'dedup_key', 'time_ms', 'prompt_id', 'command', 'length', 'text']
  await insertRows(statements, 'prompts', columns, rows, 'on conflict do nothing')
}

export interface PlacedControl {
  readonly sessionRef: number
  readonly position: number
  readonly control: ControlOfSession['control']
}

export async function insertControls(
  statements: Statements,
  controls: readonly PlacedControl[],
  policyRef: number,
): Promise<void> {
  const rows = controls.map(({ sessionRef, position, control }): Row => {
    const atMs = control.kind === 'budget' ? control.alert.atMs : control.atMs
    return [sessionRef, position, policyRef, control.kind, atMs, detailOf(control)]
  })
  const columns = ['session_ref', 'id', 'policy_ref', 'kind', 'at_ms', 'detail']
  await insertRows(statements, 'session_controls', columns, rows)
}
