/** Lines that are older than their file, and the sessions whose telemetry told of them. */
import { expect, test } from 'vitest'
import type { Attributes } from '../../../../src/domain/json-value.ts'
import type { TranscriptRecord } from '../../../../src/domain/telemetry-record.ts'
import type { OlderLine } from '../../../../src/domain/transcript-files.ts'
import type { TranscriptRank } from '../../../../src/domain/transcript-rank.ts'
import { withWriters } from '../../../../src/receivers/transcripts/older-lines.ts'

const BEGUN_MS = 5000
const own: TranscriptRank = { begunMs: BEGUN_MS, order: 9 }

function record(
  name: string,
  timeMs: number,
  attributes: Attributes,
  rank: TranscriptRank = own,
): TranscriptRecord {
  const origin = { resource: {}, scopeName: 'transcripts/claude-code', scopeVersion: '' }
  return { origin, sessionId: 'fork', name, key: name, timeMs, attributes, rank }
}

/** Telemetry of `origin` told of `r1`, `t1` and `p1`. */
function newStore() {
  const asked: OlderLine[] = []
  const toldBy = async (
    session: { readonly agent: string; readonly sessionId: string },
    lines: readonly OlderLine[],
  ) => {
    expect(session).toEqual({ agent: 'claude-code', sessionId: 'fork' })
    asked.push(...lines)
    const told = new Set(['api_request|r1', 'tool_result|t1', 'p1'])
    return lines.map(({ keys, promptId = '' }) =>
      [...keys, promptId].some((id) => told.has(id)) ? 'origin' : undefined,
    )
  }
  return { asked, toldBy }
}

test('what telemetry told is of the session that it told it of', async () => {
  const store = newStore()
  const records = [
    record('prompt', 1000, { prompt_id: 'p1' }),
    record('model_call', 2000, { request_id: 'r1', prompt_id: 'p1' }),
    record('tool_use', 3000, { tool_use_id: 't1' }),
    record('tool_result', 3500, { tool_use_id: 't1' }),
    record('model_call', 4000, { request_id: 'r2' }),
  ]
  const moved = await withWriters(records, store)
  expect(moved.map(({ sessionId }) => sessionId)).toEqual([
    ...['origin', 'origin', 'origin', 'origin', 'fork'],
  ])
  // An earlier import may have given it to the fork.
  expect(moved[1]?.rank).toEqual({ begunMs: 2000, order: 9, isCopied: true })
  expect(moved[4]).toBe(records[4])
})

test('nobody is asked of what the file wrote itself, what names its session, and what has no id', async () => {
  const store = newStore()
  const records = [
    record('model_call', BEGUN_MS, { request_id: 'r1' }),
    record('model_call', 1000, { request_id: 'r1' }, { ...own, isCopied: true }),
    record('model_call', 1000, {}),
    record('title', 1000, { title: 'a title' }),
  ]
  expect(await withWriters(records, store)).toBe(records)
  expect(store.asked).toEqual([])
})
