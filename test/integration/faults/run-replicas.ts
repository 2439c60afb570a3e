/** One run of a fault: three replicas on one PostgreSQL, traffic to any of them, and the verdict. */
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { openReader } from '../../../src/storage/beside.ts'
import type { StorePlace } from '../../../src/storage/store-place.ts'
import type { PostgresServer } from '../../postgres/postgres-server.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { isObject, textOf } from '../langfuse-stand-in/stored-span.ts'
import { sendTraffic } from './client.ts'
import type { PostgresFault } from './postgres-faults.ts'
import { createPromises } from './promises.ts'
import { createRandom } from './random.ts'
import { createReplicas, type Replicas } from './replicas.ts'
import { heal, type Run, timeouts } from './run-fault.ts'
import { judge } from './verdict.ts'

const REPLICAS = 3
/** Below the patience of clients, so that a database that is away is told in time. */
const environment = { ...timeouts, DATABASE_STATEMENT_TIMEOUT: '1500', DATABASE_POOL_SIZE: '4' }
/** Each stop delivers for a while: on a busy machine it may take several. */
const STOPS = 20

/** Rejects when the replicas or the rig fail in a way that is no matter of records. */
export async function runReplicas(
  fault: PostgresFault,
  seed: number,
  postgres: PostgresServer,
): Promise<Run> {
  const random = createRandom(seed)
  const langfuse = await createLangfuseStandIn()
  const database = await postgres.newDatabase()
  const options = { count: REPLICAS, databaseUrl: database.url, langfuse, environment, random }
  const replicas = await createReplicas(options)
  const promises = createPromises()
  const wrong: string[] = []
  const send = (name: string) =>
    sendTraffic(name, { url: () => replicas.anyUrl(), promises, random })

  try {
    await replicas.start()
    const traffic = send('first')
    await fault.inject({
      ...{ replicas, postgres, langfuse, random, traffic },
      moreTraffic: () => send('second'),
      pause: (minMs, maxMs) => delay(random.between(minMs, maxMs)),
      expect: (holds, what) => {
        if (!holds) wrong.push(what)
      },
    })
    await traffic
    heal(langfuse)
    const left = await empty(replicas)
    if (left > 0) wrong.push(`${left} items stay in the outbox`)
    const verdict = judge(promises, langfuse)
    if (fault.actsLate !== true) wrong.push(...verdict.stale)
    wrong.push(...(await summaryProblems(placeOf(database.url), langfuse)))
    return { ...verdict, wrong }
  } finally {
    await replicas.remove()
    await langfuse.close()
    await postgres.start()
    await database.drop()
  }
}

/** Stops them in good order, all at once, and starts them again as long as something is left. */
async function empty(replicas: Replicas): Promise<number> {
  let left = Number.POSITIVE_INFINITY
  for (let stops = 0; stops < STOPS && left > 0; stops += 1) {
    await replicas.start()
    left = await replicas.stop()
  }
  return left
}

/** Every session is closed, and of each closing there is one summary: they are numbered from 1. */
export async function summaryProblems(
  place: StorePlace,
  langfuse: LangfuseStandIn,
): Promise<string[]> {
  const opened = await openReader(place)
  if (!opened.ok) return [opened.error]
  const reader = opened.value
  const spans = langfuse.spans().filter(({ name }) => name === 'session-summary')
  const summaries = Map.groupBy(spans, ({ attributes }) =>
    textOf(attributes['langfuse.session.id']),
  )
  const problems: string[] = []
  try {
    const sessions = await reader.lists.page(EVERY_SESSION, undefined, 1000)
    for (const { id, sessionId, deadlineMs } of sessions) {
      if (deadlineMs !== undefined) problems.push(`session ${sessionId} was left open`)
      const state = JSON.parse((await reader.details.state(id))?.text ?? '{}') as {
        readonly summaries?: number
      }
      const expected = Array.from({ length: state.summaries ?? 0 }, (_, index) => index + 1)
      const numbers = summaries
        .get(sessionId)
        ?.map(({ input }) => (isObject(input) ? Number(input.summary) : 0))
      const found = [...new Set(numbers)].toSorted((a, b) => a - b)
      if (!isDeepStrictEqual(found, expected)) {
        problems.push(
          `session ${sessionId} has summaries ${found.join(', ')}, and was closed ${expected.length} times`,
        )
      }
    }
  } finally {
    await reader.close()
  }
  return problems
}

const EVERY_SESSION = {
  filter: { attributes: [], withEmpty: true },
  fromMs: undefined,
  toMs: undefined,
  state: 'any',
  order: 'first',
  direction: 'asc',
} as const

export function placeOf(url: string): StorePlace {
  return { dataDir: '', database: { url, poolSize: 2, statementTimeoutMs: 10_000 } }
}
