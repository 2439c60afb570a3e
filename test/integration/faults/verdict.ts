/**
 * Compares what clients were promised with what Langfuse holds. A record that was promised must
 * be there once; one that was never answered may be there, once; nothing may be there twice.
 * Rows with the same ids, start time and content are one row: that is how Langfuse merges.
 */
import { isDeepStrictEqual } from 'node:util'
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { isObject, type StoredSpan, textOf } from '../langfuse-stand-in/stored-span.ts'
import type { RowKind, SentRecord } from './batch.ts'
import type { Promises } from './promises.ts'

export interface Verdict {
  /** Records answered 200. */
  readonly promised: number
  readonly delivered: number
  /** What is missing, one line each. */
  readonly lost: readonly string[]
  /** What is there twice, or differently from before, one line each. */
  readonly doubled: readonly string[]
  /** Rows that were sent again just as they were. */
  readonly resent: number
  /** Scores that are not those of the session's last summary, one line each. */
  readonly stale: readonly string[]
}

export function judge(promises: Promises, langfuse: LangfuseStandIn): Verdict {
  const { rows, resent, conflicts } = merge(langfuse.spans())
  const lost = new Set<string>()
  const doubled = new Set(conflicts)
  const named = Map.groupBy(rows, rowName)
  const expected = promises.all()

  for (const { record, isPromised } of expected) {
    if (record.row === undefined) continue
    const name = nameOf(record.sessionId, record.row.kind, record.row.id)
    const found = named.get(name) ?? []
    if (found.length > 1) doubled.add(`${name} has ${found.length} rows`)
    if (isPromised && found.length === 0) lost.add(name)
    const costUsd = record.row.costUsd ?? 0
    const [row] = found
    if (row !== undefined && Math.abs(Number(row.cost.total ?? 0) - costUsd) > 1e-9) {
      lost.add(`${name} costs ${Number(row.cost.total)}, not ${costUsd}`)
    }
  }
  compareSummaries(expected, rows, lost, doubled)

  const promised = expected.filter(({ isPromised }) => isPromised).length
  return {
    promised,
    delivered: promised - lost.size,
    lost: [...lost],
    doubled: [...doubled],
    resent,
    stale: staleScores(rows, langfuse.scores()),
  }
}

function merge(spans: readonly StoredSpan[]) {
  const rows = new Map<string, StoredSpan>()
  const conflicts: string[] = []
  let resent = 0
  for (const span of spans) {
    const key = `${span.traceId} ${span.spanId}`
    const known = rows.get(key)
    if (known === undefined) rows.set(key, span)
    else if (isDeepStrictEqual(known, span)) resent += 1
    else conflicts.push(`${span.name} ${key} came twice, differently`)
  }
  return { rows: [...rows.values()], resent, conflicts }
}

function nameOf(sessionId: unknown, kind: RowKind, id: unknown): string {
  return `${kind} ${String(id)} of ${String(sessionId)}`
}

function rowName({ name, type, attributes }: StoredSpan): string {
  const sessionId = attributes['langfuse.session.id']
  const value = (key: string) => attributes[`langfuse.observation.metadata.${key}`]
  if (type === 'generation') return nameOf(sessionId, 'call', value('request_id'))
  // A tool that was cut off has a row that says so, besides the one of a result that comes late.
  if (type === 'tool' && attributes['langfuse.observation.level'] !== 'WARNING')
    return nameOf(sessionId, 'tool', value('tool_use_id'))
  if (name === 'conversation') return nameOf(sessionId, 'prompt', value('prompt_id'))
  return ''
}

/** The last summary of a session counts every record by its event's name. */
function compareSummaries(
  expected: ReturnType<Promises['all']>,
  rows: readonly StoredSpan[],
  lost: Set<string>,
  doubled: Set<string>,
): void {
  const summaries = rows.filter(({ name }) => name === 'session-summary')
  const groups = Map.groupBy(expected, ({ record }) => groupOf(record))
  for (const [group, records] of groups) {
    const { sessionId, event } = records[0]?.record ?? { sessionId: '', event: '' }
    const counts = summaries
      .filter(({ attributes }) => attributes['langfuse.session.id'] === sessionId)
      .map(({ output }) => countIn(output, event))
    const counted = Math.max(0, ...counts)
    const promised = records.filter(({ isPromised }) => isPromised).length
    for (let n = counted; n < promised; n += 1) lost.add(`${group} ${n + 1} in the summary`)
    for (let n = records.length; n < counted; n += 1)
      doubled.add(`${group} ${n + 1} in the summary`)
  }
}

/**
 * A session that goes on after its summary gets its scores anew, under their ids. What they count
 * only grows, and they say it: the one that stands has to count as much as the largest summary.
 */
function staleScores(
  rows: readonly StoredSpan[],
  scores: ReturnType<LangfuseStandIn['scores']>,
): string[] {
  const calls = new Map<string, number>()
  for (const { name, output, attributes } of rows) {
    if (name !== 'session-summary' || !isObject(output)) continue
    const sessionId = textOf(attributes['langfuse.session.id'])
    const counted = Number(output.model_calls) + Number(output.model_errors)
    calls.set(sessionId, Math.max(calls.get(sessionId) ?? 0, counted))
  }
  return scores.flatMap(({ name, sessionId, comment }) => {
    if (name !== 'api_success_rate' || typeof sessionId !== 'string') return []
    const of = Number(/^\d+ of (\d+)/.exec(textOf(comment))?.[1])
    const expected = calls.get(sessionId)
    if (of === expected) return []
    return [`${name} of ${sessionId} is of ${of} calls, its last summary of ${expected}`]
  })
}

function groupOf({ sessionId, event }: SentRecord): string {
  return `${event} of ${sessionId}`
}

function countIn(output: StoredSpan['output'], event: string): number {
  const events = isObject(output) ? output.events : undefined
  return isObject(events) ? Number(events[event] ?? 0) : 0
}
