/** Spans of a trace that reach several processes over one PostgreSQL, at the same moment. */
import { expect, onTestFinished, test } from 'vitest'
import type { SpanRecord, TraceContextOfSpan } from '../../../src/domain/telemetry-record.ts'
import type { TraceStore } from '../../../src/domain/trace-store.ts'
import { createSpanPlacer } from '../../../src/processors/place-spans.ts'
import { openPool } from '../../../src/storage/postgres/connection.ts'
import { createMemoryTraces } from '../../unit/processors/memory-traces.ts'
import { spansOf } from '../../unit/agents/span-orders.ts'
import { askPostgresNow } from '../../postgres/postgres-server.ts'
import { createRandom } from '../faults/random.ts'
import { inProcess, recordedSpans, shuffledRequests } from '../span-requests.ts'
import { commit, openTwo } from './two-stores.ts'

const goose = (n: number): readonly SpanRecord[] => {
  const usage = { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 1 }
  const chat = { name: 'chat', attributes: { 'gen_ai.operation.name': 'chat', ...usage } }
  const tool = { name: 'tool', attributes: { 'gen_ai.operation.name': 'execute_tool' } }
  const around = { name: 'dispatch', within: [chat, { ...tool, within: [chat] }, tool] }
  const root = { name: 'reply', attributes: { 'session.id': `g${n}` }, within: [around, around] }
  const traceId = `0af7651916cd43dd8448eb211c8031${String(n).padStart(2, '0')}`
  return spansOf({ ...root, scope: 'goose', resource: { 'service.name': 'goose' } }, traceId)
}

const SOURCES: Readonly<Record<string, () => readonly SpanRecord[]>> = {
  'goose, five traces': () => [0, 1, 2, 3, 4].flatMap(goose),
  'opencode with a subagent': () => recordedSpans('opencode', 'subagent'),
  'opencode without content': () => recordedSpans('opencode', 'tools-off'),
}

type Told = Readonly<Record<string, TraceContextOfSpan | undefined>>

interface Chance {
  readonly owner: string
  readonly atOnce: number
  readonly random: () => number
}

/** What each span was told, when each request goes to any of these processes, so many at the same moment. */
async function told(
  stores: readonly TraceStore[],
  requests: readonly (readonly SpanRecord[])[],
  { owner, atOnce, random }: Chance = { owner: '', atOnce: 1, random: () => 0 },
): Promise<Told> {
  const placers = stores.map((store) => createSpanPlacer(store))
  const all = requests.map((records) => records.map(inProcess))
  const queue = [...all]
  const work = async () => {
    for (let spans = queue.shift(); spans !== undefined; spans = queue.shift()) {
      await placers[Math.floor(random() * placers.length)]?.place(spans, owner)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return Object.fromEntries(
    all.flat().map(({ record }) => [`${record.traceId} ${record.spanId}`, record.trace]),
  )
}

interface StoredPart {
  readonly trace_id: string
  readonly body: string
}

/** The spans as the traces were told of them, one request after the other. */
function requestsInOrder(
  url: string,
  owner: string,
  spans: readonly SpanRecord[],
): readonly (readonly SpanRecord[])[] {
  const parts = JSON.parse(
    askPostgresNow(url, [
      `select json_agg(p) from (
         select t.trace_id, p.body from span_traces t join span_trace_parts p on p.trace_ref = t.id
         where t.owner = '${owner}' order by t.id, p.id) p`,
    ]),
  ) as readonly StoredPart[]
  const left = new Map(spans.map((span) => [`${span.traceId} ${span.spanId}`, span]))
  return parts.map(({ trace_id, body }) => {
    const { spans: told } = JSON.parse(body) as { readonly spans: readonly (readonly [string])[] }
    return told.flatMap(([id]) => {
      const span = left.get(`${trace_id} ${id}`)
      // An agent that learns its session is told of again.
      left.delete(`${trace_id} ${id}`)
      return span ?? []
    })
  })
}

test.each(Object.entries(SOURCES))(
  '%s: any request to any of three, at the same moment, is placed as one process places it',
  async (_name, spansOfSource) => {
    const { one, other, url } = await openTwo()
    const stores = [one.traces, other.traces, one.traces]
    for (const seed of [1, 2, 3]) {
      const owner = `team-${seed}`
      const chance = createRandom(seed)
      const random = () => chance.next()
      const spans = spansOfSource()
      const by = await told(stores, shuffledRequests(spans, random), { owner, atOnce: 6, random })
      const inOrder = requestsInOrder(url, owner, spans)
      expect(inOrder.length).toBeGreaterThan(2)
      expect(by, `seed ${seed}`).toMatchObject(await told([createMemoryTraces()], inOrder))
    }
  },
)

test('commits go on while many requests wait for a trace that another process has', async () => {
  const { one, url } = await openTwo()
  const change = () =>
    one.traces.change(
      '',
      [{ traceId: 't', isBegun: true }],
      () => undefined,
      () => [],
    )
  await change()
  const pool = openPool({ url, size: 1, statementTimeoutMs: 20_000 })
  const isHeld = Promise.withResolvers<void>()
  const isFree = Promise.withResolvers<void>()
  onTestFinished(async () => {
    isFree.resolve()
    await pool.close()
  })
  const holding = pool.transaction(async (statements) => {
    await statements.query('select 1 from span_traces for update')
    isHeld.resolve()
    await isFree.promise
  })
  await isHeld.promise
  const waiting = Array.from({ length: 12 }, change)
  await commit(one, {})
  isFree.resolve()
  await holding
  expect(await Promise.all(waiting)).toHaveLength(12)
})
