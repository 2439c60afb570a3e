/** Replays sessions one after the other, counting, with the progress shown. */
import { replaySession } from '../reports/replay.ts'
import type { Emission } from '../domain/emission.ts'
import type { ItemKind } from '../domain/outbox.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { SessionRow } from '../api/contract/session-list.ts'
import { countOfText } from '../domain/figure-text.ts'
import type { Data } from './open-data.ts'
import type { Progress } from './progress.ts'

export interface ReplayCounts {
  readonly sessions: number
  readonly records: number
  readonly observations: number
  readonly scores: number
}

/** What takes what sessions give; an error of either ends the replay. */
export interface Taker {
  /** What it takes; the rest is left out, and not counted. */
  readonly kinds: readonly ItemKind[]
  take(emissions: readonly Emission[]): Promise<Result<undefined, string>>
  /** After the last one. */
  finish(): Promise<Result<undefined, string>>
}

export async function replayRows(
  { reader, policy }: Pick<Data, 'reader' | 'policy'>,
  rows: readonly SessionRow[],
  progress: Progress,
  taker: Taker,
): Promise<Result<ReplayCounts, string>> {
  const sizes: number[] = []
  for (const { key } of rows) sizes.push((await reader.records.countOf(key)) ?? 0)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let counts: ReplayCounts = { sessions: 0, records: 0, observations: 0, scores: 0 }
  for (const [index, row] of rows.entries()) {
    let reason: string | undefined
    // Of a session that only transcripts tell of, nothing was sent unless it was imported for that.
    const signals = [...(await reader.records.signalsOf(row.key)).keys()]
    const showsTranscripts = signals.every((signal) => signal === 'transcript')
    await replaySession(
      reader,
      row.key,
      { ...policy, showsTranscripts },
      async (made, recordsSoFar) => {
        if (reason !== undefined) return
        const done = counts.records + recordsSoFar
        progress.show(
          done,
          total,
          `${index} of ${rows.length} sessions, ${countOfText(done, 'record')}`,
        )
        const emissions = made.filter(({ kind }) => taker.kinds.includes(kind))
        const taken = await taker.take(emissions)
        if (!taken.ok) reason = taken.error
        const scores = emissions.filter(({ kind }) => kind === 'score').length
        counts = {
          ...counts,
          scores: counts.scores + scores,
          observations: counts.observations + emissions.length - scores,
        }
      },
      { isClosed: showsTranscripts },
    )
    if (reason !== undefined) return err(reason)
    const records = counts.records + (sizes[index] ?? 0)
    counts = { ...counts, records, sessions: counts.sessions + 1 }
  }
  const finished = await taker.finish()
  return finished.ok ? ok(counts) : finished
}
