/**
 * Three replicas under traffic, replaced one by one by a version with another schema: whoever sends is
 * refused once at most, nothing is lost, and nothing counts twice.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { startProcess } from '../corpus/bridge-process.ts'
import type { Batch } from '../faults/batch.ts'
import { generateSession } from '../faults/generated-session.ts'
import { createPromises } from '../faults/promises.ts'
import { createRandom } from '../faults/random.ts'
import { createReplicas, type Replica } from '../faults/replicas.ts'
import { placeOf, summaryProblems } from '../faults/run-replicas.ts'
import { judge } from '../faults/verdict.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { makeNextVersion, NEXT_MIGRATION } from './next-version.ts'

const SEED = 3
const SENDERS = 6
/** What OTLP lets a client send again. */
const RETRYABLE: readonly (number | 'no answer')[] = [429, 502, 503, 504, 'no answer']
const REQUEST_TIMEOUT_MS = 60_000
const WAIT = { timeout: 120_000, interval: 50 }
/** Long beside a balancer's look at who is ready. */
const DRAIN_DELAY = '3000'

async function createRig() {
  const { url: databaseUrl } = await newTestDatabase()
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const random = createRandom(SEED)
  const timeouts = { SHUTDOWN_TIMEOUT: '60000', TURN_QUIET_TIMEOUT: '300', JOIN_TIMEOUT: '100' }
  const environment = { DRAIN_DELAY, ...timeouts }
  const replicas = await createReplicas({ count: 3, databaseUrl, langfuse, environment, random })
  onTestFinished(() => replicas.remove())
  await replicas.start()
  return { databaseUrl, langfuse, random, replicas }
}

type Rig = Awaited<ReturnType<typeof createRig>>

/** Sessions one after the other until it is over, through a balancer that knows who is ready. */
function createTraffic({ replicas, random }: Rig) {
  const promises = createPromises()
  const ready = new Set<Replica>(replicas.all)
  const taken = new Map<Replica, number>()
  const over = new AbortController()
  const attempts: number[] = []
  let sessions = 0

  /** Another one than the last time, as a balancer does. */
  function pick(last: Replica | undefined): Replica {
    const others = [...ready].filter((replica) => replica !== last)
    const among = others.length > 0 ? others : [...ready]
    return among[random.between(0, among.length - 1)] as Replica
  }

  async function send(batch: Batch): Promise<void> {
    promises.attempted(batch.records)
    let last: Replica | undefined
    for (let attempt = 1; ; attempt += 1) {
      last = pick(last)
      const status = await statusOf(last.url(), batch)
      if (status === 200) {
        attempts.push(attempt)
        taken.set(last, (taken.get(last) ?? 0) + 1)
        promises.promised(batch.records)
        return
      }
      expect(RETRYABLE).toContain(status)
      await delay(random.between(50, 100) * 2 ** attempt)
    }
  }

  async function sender(): Promise<void> {
    while (!over.signal.aborted) {
      sessions += 1
      for (const batch of generateSession(`session-${sessions}`, random, Date.now())) {
        await send(batch)
      }
    }
  }

  const sending = Promise.all(Array.from({ length: SENDERS }, sender))
  return {
    promises,
    attempts,
    ready,
    /** Resolves once every one of them has taken some more. */
    flows: async (through: readonly Replica[] = [...ready]): Promise<void> => {
      const before = new Map(taken)
      const tookMore = (of: Replica) => (taken.get(of) ?? 0) >= (before.get(of) ?? 0) + 5
      await Promise.race([sending, vi.waitUntil(() => through.every(tookMore), WAIT)])
    },
    end: async (): Promise<void> => {
      over.abort()
      await sending
    },
  }
}

async function statusOf(
  url: string | undefined,
  { path, body }: Batch,
): Promise<number | 'no answer'> {
  try {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 'no answer'
  }
}

async function isReady(replica: Replica): Promise<boolean> {
  return (await fetch(`${replica.url()}/health/ready`)).status === 200
}

/** As an orchestrator does it: not ready, no new requests, gone; the new one, ready, requests. */
async function replace(
  replica: Replica,
  { ready }: Pick<ReturnType<typeof createTraffic>, 'ready'>,
  project: string,
): Promise<void> {
  const stopped = replica.stop()
  await vi.waitUntil(async () => !(await isReady(replica)), WAIT)
  ready.delete(replica)
  await stopped
  await replica.start(project)
  await vi.waitUntil(() => isReady(replica), WAIT)
  ready.add(replica)
}

async function sessionsPage(replica: Replica): Promise<number> {
  return (await fetch(`${replica.url()}/api/sessions`)).status
}

const migrationsIn = (url: string) =>
  askPostgres(url, `select count(*) from kysely_migration where name = '${NEXT_MIGRATION}'`)

test('an upgrade refuses nobody twice, loses nothing, and counts everything once', async () => {
  const rig = await createRig()
  const { replicas, langfuse, databaseUrl } = rig
  const next = makeNextVersion()
  const traffic = createTraffic(rig)
  const [first, second, third] = replicas.all as readonly [Replica, Replica, Replica]
  await traffic.flows()

  await replace(first, traffic, next)
  expect(await migrationsIn(databaseUrl)).toBe('1')
  // Both versions over the new schema: the earlier ones take records, and answer questions.
  await traffic.flows()
  expect(await sessionsPage(second)).toBe(200)
  // One of the earlier version that fails meanwhile is started again as it is.
  traffic.ready.delete(third)
  await third.kill()
  await third.start()
  traffic.ready.add(third)
  await traffic.flows([third])

  await replace(second, traffic, next)
  await traffic.flows()
  await replace(third, traffic, next)
  await traffic.flows()
  await traffic.end()

  // The kill above is no part of an upgrade, and costs its requests a try more at most.
  expect(Math.max(...traffic.attempts)).toBeLessThanOrEqual(2)
  expect(await replicas.stop()).toBe(0)
  const { promised, lost, doubled, stale } = judge(traffic.promises, langfuse)
  expect(promised).toBeGreaterThan(100)
  expect({ lost, doubled, stale }).toEqual({ lost: [], doubled: [], stale: [] })
  expect(await summaryProblems(placeOf(databaseUrl), langfuse)).toEqual([])
  const dead = await askPostgres(databaseUrl, 'select count(*) from outbox_deliveries')
  expect(dead).toBe('0')
})

test('a version that earlier ones cannot work beside waits until none runs, and keeps them out then', async () => {
  const { replicas, databaseUrl } = await createRig()
  const next = makeNextVersion({ isBreaking: true })
  const [dataDir, otherDataDir] = [temporaryFolder(), temporaryFolder()]
  onTestFinished(() => [dataDir, otherDataDir].forEach(removeFolder))
  const environment = { ...bridgeEnvironment(dataDir), DATABASE_URL: databaseUrl }
  const early = await startProcess(environment, { project: next })
  expect(early).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /3 running bridges of an earlier version use .* Stop all of them/,
    ),
  })
  expect(await migrationsIn(databaseUrl)).toBe('0')
  await replicas.stop()

  const started = await startProcess(environment, { project: next })
  if (!('url' in started)) throw new Error(started.stderr)
  onTestFinished(() => started.kill('SIGKILL'))
  expect(await migrationsIn(databaseUrl)).toBe('1')
  const late = await startProcess({ ...environment, DATA_DIR: otherDataDir })
  expect(late).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/written by a newer claude-telemetry \(9999-next/),
  })
})

test('one that was frozen while they all were replaced takes no more records', async () => {
  const { replicas, databaseUrl } = await createRig()
  const [frozen] = replicas.all as readonly [Replica]
  // As a version that it cannot work beside leaves it.
  await askPostgres(databaseUrl, `update instance set needed_migration = '${NEXT_MIGRATION}'`)
  await vi.waitUntil(async () => !(await isReady(frozen)), WAIT)
  const [batch] = generateSession('late', createRandom(SEED), Date.now())
  if (batch === undefined) throw new Error('nothing to send')
  expect(await statusOf(frozen.url(), batch)).toBe(503)
  expect(await askPostgres(databaseUrl, 'select count(*) from record_batches')).toBe('0')
  expect(replicas.log()).toContain('changed by a newer claude-telemetry')
})
