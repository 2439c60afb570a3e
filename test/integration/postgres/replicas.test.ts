/**
 * Three processes on one PostgreSQL: requests of one session reach any of them, and what comes of it is
 * what one process would have made of the same requests.
 */
import { expect, onTestFinished, test } from 'vitest'
import { openReader } from '../../../src/storage/beside.ts'
import type { ListedSession } from '../../../src/storage/store-reader.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import {
  eventually,
  jsonRecordingNames,
  post,
  type RecordedRequest,
  recording,
} from '../corpus/recording.ts'
import { createRandom, type Random } from '../faults/random.ts'
import { createReplicas, type Replicas } from '../faults/replicas.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'

const SEED = 20
/** However long a test takes, nothing is told, and nothing is left to the next start, because time has passed. */
const NO_TIMEOUTS = {
  ...{ TURN_QUIET_TIMEOUT: '3600000', JOIN_TIMEOUT: '3600000' },
  SHUTDOWN_TIMEOUT: '60000',
}

interface Rig {
  readonly replicas: Replicas
  readonly langfuse: LangfuseStandIn
  readonly random: Random
  readonly url: string
}

/** All three start at the same moment on a database that is empty. */
async function createRig(environment: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const { url } = await newTestDatabase()
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const random = createRandom(SEED)
  const replicas = await createReplicas({
    ...{ count: 3, databaseUrl: url, langfuse, random },
    environment: { ...NO_TIMEOUTS, ...environment },
  })
  onTestFinished(() => replicas.remove())
  await replicas.start()
  return { replicas, langfuse, random, url }
}

/** Of the recordings, recording after recording. */
function requests(): RecordedRequest[] {
  return jsonRecordingNames.flatMap((name) =>
    recording(name).requests.filter(({ signal }) => signal !== 'hook'),
  )
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const keyed = values.map((value) => [random.next(), value] as const)
  return keyed.toSorted(([a], [b]) => a - b).map(([, value]) => value)
}

async function sessionsAt(
  place: Parameters<typeof openReader>[0],
): Promise<readonly Partial<ListedSession>[]> {
  const opened = await openReader(place)
  if (!opened.ok) throw new Error(opened.error)
  const question = {
    filter: { attributes: [], withEmpty: true },
    fromMs: undefined,
    toMs: undefined,
    state: 'any',
    order: 'first',
    direction: 'asc',
  } as const
  const sessions = await opened.value.lists.page(question, undefined, 1000)
  await opened.value.close()
  return sessions
    .map((session) => ({ ...session, id: 0 }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** What the order of records has no part in. */
function sumsOf(session: Partial<ListedSession>) {
  const { key, costUsd, inputTokens, outputTokens, cacheReadTokens, prompts } = session
  const { modelCalls, toolResults, errors, firstMs, lastMs } = session
  return [
    ...[key, costUsd, inputTokens, outputTokens, cacheReadTokens, prompts],
    ...[modelCalls, toolResults, errors, firstMs, lastMs],
  ]
}

function placeOf(url: string) {
  return { dataDir: '', database: { url, poolSize: 2, statementTimeoutMs: 20_000 } }
}

/** What went out: names, ids and contents, without what arrival alone decides. */
function sentTo(langfuse: LangfuseStandIn): string[] {
  return langfuse
    .spans()
    .map(({ name, traceId, spanId, input }) => JSON.stringify([name, traceId, spanId, input]))
    .sort()
}

/** The same requests, in the same order, to one process with SQLite. */
async function byOneProcess(sent: readonly RecordedRequest[]) {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const bridge = await startBridge({
    ...bridgeEnvironment(dataDir, langfuse),
    ...NO_TIMEOUTS,
  })
  for (const request of sent) expect(await post(bridge.url, request)).toBe(200)
  await bridge.stop()
  return { sessions: await sessionsAt({ dataDir }), sent: sentTo(langfuse) }
}

test('requests in their order, each to any replica, come to what one process makes of them', async () => {
  const { replicas, langfuse, url } = await createRig()
  const sent = requests()
  for (const request of sent) expect(await post(replicas.anyUrl() ?? '', request)).toBe(200)
  expect(await replicas.stop()).toBe(0)
  const expected = await byOneProcess(sent)
  expect(await sessionsAt(placeOf(url))).toEqual(expected.sessions)
  expect(sentTo(langfuse)).toEqual(expected.sent)
})

test('so do requests in any order, some of them twice', async () => {
  const { replicas, langfuse, random, url } = await createRig()
  const all = requests()
  const sent = shuffled([...all, ...all.filter(() => random.oneIn(5))], random)
  for (const request of sent) expect(await post(replicas.anyUrl() ?? '', request)).toBe(200)
  expect(await replicas.stop()).toBe(0)
  const expected = await byOneProcess(sent)
  expect(await sessionsAt(placeOf(url))).toEqual(expected.sessions)
  expect(sentTo(langfuse)).toEqual(expected.sent)
})

test('requests at the same moment, in any order, count once', async () => {
  const { replicas, random, url } = await createRig()
  const sent = shuffled([...requests(), ...requests()], random)
  const waiting = [...sent]
  const client = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      expect(await post(replicas.anyUrl() ?? '', next)).toBe(200)
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  expect(await replicas.stop()).toBe(0)
  const expected = await byOneProcess(requests())
  expect((await sessionsAt(placeOf(url))).map(sumsOf)).toEqual(expected.sessions.map(sumsOf))
})

test('a replica shows at once what another one stored, and goes on where that one stops', async () => {
  const { replicas, langfuse, url } = await createRig()
  const [first, second, third] = replicas.all
  const [request, ...more] = recording('tools').requests.filter(({ signal }) => signal === 'logs')
  if (request === undefined) throw new Error('the recording has no logs')
  const listed = async () => {
    const answer = await fetch(`${second?.url()}/api/sessions?empty=shown`)
    return ((await answer.json()) as { readonly sessions: readonly unknown[] }).sessions
  }
  expect(await listed()).toEqual([])
  expect(await post(first?.url() ?? '', request)).toBe(200)
  await eventually('the session on the page of the other replica', async () => {
    return (await listed()).length > 0
  })
  await first?.stop()
  const summaries = () => langfuse.spans().filter(({ name }) => name === 'session-summary')
  expect(summaries()).toEqual([])
  for (const next of more) expect(await post(third?.url() ?? '', next)).toBe(200)
  expect(await Promise.all([second?.stop(), third?.stop()])).toContain(0)
  expect(summaries()).toHaveLength((await sessionsAt(placeOf(url))).length)
})

test('while the database is away clients are told to come again, and nothing is lost', async () => {
  const { replicas, url } = await createRig({ DATABASE_STATEMENT_TIMEOUT: '500' })
  const [replica] = replicas.all
  const [request] = recording('tools').requests.filter(({ signal }) => signal === 'logs')
  if (replica === undefined || request === undefined) throw new Error('there is nothing to send')
  replica.proxy.cut()
  expect(await post(replica.url() ?? '', request)).toBe(503)
  const health = async () => (await fetch(`${replica.url()}/health`)).status
  expect(await health()).toBe(503)
  replica.proxy.mend()
  await eventually('an answer of 200', async () => {
    return (await post(replica.url() ?? '', request)) === 200
  })
  expect(await health()).toBe(200)
  expect(await sessionsAt(placeOf(url))).toHaveLength(1)
})
