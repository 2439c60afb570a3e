/** The numbers of the page's API, for each recording: they are those of its truth. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Overview } from '../../src/api/contract/overview.ts'
import type { RawEvents } from '../../src/api/contract/raw-events.ts'
import type { Session } from '../../src/api/contract/session.ts'
import type { SessionList, SessionRow } from '../../src/api/contract/session-list.ts'
import type { Turn } from '../../src/api/contract/turn.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { replayAsRecorded } from './corpus/grpc-replay.ts'
import { isEventful, recording, recordingNames, type Truth } from './corpus/recording.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function replayed(name: string, times: number): Promise<TestBridge> {
  const dataDir = temporaryFolder()
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), OTLP_GRPC_PORT: '0' })
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  for (let time = 0; time < times; time += 1) await replayAsRecorded(bridge, recording(name))
  return bridge
}

async function get<T>({ url }: TestBridge, path: string): Promise<T> {
  const answer = await fetch(`${url}${path}`)
  expect(answer.status, path).toBe(200)
  return (await answer.json()) as T
}

const pathOf = (sessionId: string): string =>
  `/api/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`

const tokensOf = (truth: Truth) => ({
  input: truth.input_tokens,
  output: truth.output_tokens,
  cacheRead: truth.cache_read_tokens,
  cacheCreation: truth.cache_creation_tokens,
})

function expectRow(row: SessionRow, truth: Truth): void {
  expect(row).toMatchObject({
    costUsd: expect.closeTo(truth.cost_usd, 6),
    tokens: tokensOf(truth),
    modelCalls: truth.api_requests,
    toolResults: truth.tool_results,
    errors: truth.api_errors + truth.tool_failures,
  })
}

function expectSession({ session, strip, turns, reconciliation }: Session, truth: Truth): void {
  expectRow(session, truth)
  const synthetic = turns.filter(({ isSynthetic }) => isSynthetic).length
  expect(strip).toMatchObject({
    costUsd: expect.closeTo(truth.cost_usd, 6),
    tokens: tokensOf(truth),
    prompts: truth.prompts - synthetic,
    modelCalls: truth.api_requests,
    modelErrors: truth.api_errors,
    toolResults: truth.tool_results,
    toolFailures: truth.tool_failures,
    linesAdded: truth.lines_added,
    linesRemoved: truth.lines_removed,
    commits: truth.commits,
    pullRequests: truth.pull_requests,
  })
  expect(strip.activeUserS + strip.activeAgentS).toBeCloseTo(truth.active_s, 3)
  expect(reconciliation?.metricsUsd ?? 0).toBeCloseTo(truth.metric_cost, 6)
}

/** Turns come from the records, told again; figures from what was committed: both must agree. */
function expectTurns({ turns }: Session, truth: Truth): void {
  const sum = (of: (turn: (typeof turns)[number]) => number): number =>
    turns.reduce((total, turn) => total + of(turn), 0)
  expect(turns.length).toBe(truth.prompts)
  expect(sum((turn) => turn.costUsd ?? 0)).toBeCloseTo(truth.cost_usd, 6)
  expect(sum((turn) => turn.modelCalls)).toBe(truth.api_requests)
  expect(sum((turn) => turn.toolResults)).toBe(truth.tool_results)
  expect(sum((turn) => turn.errors)).toBe(truth.api_errors + truth.tool_failures)
  expect(turns.map(({ ordinal }) => ordinal)).toEqual(turns.map((_, index) => index + 1))
}

async function expectWaterfalls(bridge: TestBridge, id: string, { turns }: Session): Promise<void> {
  for (const head of turns) {
    const path = `${pathOf(id)}/turns/${encodeURIComponent(head.key)}`
    const { turn, items } = await get<Turn>(bridge, path)
    expect(turn).toMatchObject({ key: head.key, costUsd: head.costUsd, ordinal: head.ordinal })
    const calls = items.filter(({ kind, level }) => kind === 'call' && level !== 'error')
    expect(calls.length).toBe(head.modelCalls)
    const seen = new Set<string | null>([null])
    for (const item of items) {
      expect(seen.has(item.parentId), `${item.id} comes after ${item.parentId}`).toBe(true)
      seen.add(item.id)
    }
  }
}

/** Every record is there once, in the order of its position. */
async function expectRecords(bridge: TestBridge, id: string, truth: Truth): Promise<void> {
  const ids: number[] = []
  const counts: Record<string, number> = {}
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? 'limit=7' : `limit=7&cursor=${cursor}`
    const page: RawEvents = await get<RawEvents>(bridge, `${pathOf(id)}/events?${query}`)
    for (const event of page.events) {
      ids.push(event.id)
      if (event.signal === 'log') counts[event.name] = (counts[event.name] ?? 0) + 1
    }
    cursor = page.nextCursor
  }
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
  expect(counts).toEqual(truth.events)
}

function expectOverview(overview: Overview, truths: readonly Truth[]): void {
  const sum = (of: (truth: Truth) => number): number =>
    truths.reduce((all, one) => all + of(one), 0)
  expect(overview.totals).toMatchObject({
    costUsd: expect.closeTo(
      sum((truth) => truth.cost_usd),
      6,
    ),
    sessions: truths.length,
    modelCalls: sum((truth) => truth.api_requests),
    modelErrors: sum((truth) => truth.api_errors),
    toolResults: sum((truth) => truth.tool_results),
    toolFailures: sum((truth) => truth.tool_failures),
    linesAdded: sum((truth) => truth.lines_added),
    commits: sum((truth) => truth.commits),
    pullRequests: sum((truth) => truth.pull_requests),
    tokens: {
      input: sum((truth) => truth.input_tokens),
      output: sum((truth) => truth.output_tokens),
      cacheRead: sum((truth) => truth.cache_read_tokens),
      cacheCreation: sum((truth) => truth.cache_creation_tokens),
    },
  })
  for (const parts of [overview.series, overview.byModel, overview.byUser, overview.byProject]) {
    const costUsd = parts.reduce((all, part) => all + (part.costUsd ?? 0), 0)
    expect(costUsd).toBeCloseTo(overview.totals.costUsd ?? Number.NaN, 9)
  }
}

/** One has records that name no session; their group is no session of the recording. */
const names = recordingNames.filter((name) => Object.keys(recording(name).truth).length > 0)

test('there are recordings', () => {
  expect(names.length).toBeGreaterThan(20)
})

describe.each(names)('%s', (name) => {
  const { truth } = recording(name)

  test.each([1, 2])('has the numbers of its truth when it came %i times', async (times) => {
    const bridge = await replayed(name, times)
    const { sessions } = await get<SessionList>(bridge, '/api/sessions?limit=200')
    const eventful = Object.keys(truth).filter((id) => isEventful(truth[id] as Truth))
    expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual(eventful.sort())
    for (const [id, expected] of Object.entries(truth)) {
      const session = await get<Session>(bridge, pathOf(id))
      expectSession(session, expected)
      expectTurns(session, expected)
      await expectWaterfalls(bridge, id, session)
      await expectRecords(bridge, id, expected)
    }
    const overview = await get<Overview>(bridge, '/api/overview?tz=Europe/Vienna&bucket=hour')
    expectOverview(overview, Object.values(truth).filter(isEventful))
  })
})
