/** The thread that answers the page, in a real process: there when someone looks, behind intake. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { spend } from './budgets/spending.ts'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { type BridgeProcess, startedProcess } from './corpus/bridge-process.ts'
import { storeSettings } from './store.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function startBridge(): Promise<BridgeProcess> {
  const dataDir = temporaryFolder()
  const bridge = await startedProcess({
    ...storeSettings(dataDir),
    OTLP_RECEIVER_PORT: '0',
    PAGE_ACCESS: 'open',
    OTLP_GRPC_PORT: 'off',
    RETENTION_DAYS: '0',
    SHUTDOWN_TIMEOUT: '0',
  })
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.ended(),
    () => bridge.kill('SIGTERM'),
  )
  return bridge
}

/** Its threads by name, with the niceness of each (proc(5), field 19 of `stat`). */
function threadsOf({ child }: BridgeProcess): ReadonlyMap<string, number> {
  const tasks = `/proc/${child.pid}/task`
  return new Map(
    readdirSync(tasks).map((task) => {
      const stat = readFileSync(`${tasks}/${task}/stat`, 'utf8')
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [task === String(child.pid) ? 'main' : name, Number(fields[16])]
    }),
  )
}

describe.skipIf(process.platform !== 'linux')('the thread', () => {
  test('begins with the first question, and leaves the processor to intake', async () => {
    const bridge = await startBridge()
    expect(await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 1 })).toBe(200)
    expect((await fetch(`${bridge.url}/health`)).status).toBe(200)
    expect((await fetch(`${bridge.url}/`)).status).toBeLessThan(504)
    expect([...threadsOf(bridge).keys()]).not.toContain('reader')
    expect((await fetch(`${bridge.url}/api/overview`)).status).toBe(200)
    const threads = threadsOf(bridge)
    expect(threads.get('reader')).toBeGreaterThan(threads.get('main') ?? 20)
  })
})

test('what was answered 200 is in the next answer, whoever else asks', async () => {
  const bridge = await startBridge()
  const ask = async (path: string) => (await fetch(`${bridge.url}${path}`)).json()
  const stop = new AbortController()
  const others = Array.from({ length: 4 }, async () => {
    while (!stop.signal.aborted) await ask('/api/overview')
  })
  for (let n = 1; n <= 20; n += 1) {
    await spend(bridge.url, { sessionId: 's1', turn: n, costUsd: 1 })
    const [overview, session] = (await Promise.all([
      ask('/api/overview'),
      ask('/api/sessions/claude-code%2Fs1'),
    ])) as [{ totals: { costUsd: number } }, { turns: unknown[] }]
    expect([n, overview.totals.costUsd, session.turns.length]).toEqual([n, n, n])
  }
  stop.abort()
  await Promise.all(others)
})

test('a stop ends it, with pages open and a question under way', async () => {
  const bridge = await startBridge()
  await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 1 })
  const stream = await fetch(`${bridge.url}/api/live`)
  const asked = Array.from({ length: 10 }, (_, n) =>
    fetch(`${bridge.url}/api/overview?from=${n}`).then(
      ({ status }) => status,
      () => 'cut off',
    ),
  )
  // One has its answer, so the others are under way.
  await Promise.race(asked)
  bridge.kill('SIGTERM')
  expect(await bridge.ended()).toBe(0)
  await stream.body?.cancel().catch(() => {})
  for (const status of await Promise.all(asked)) expect([200, 503, 'cut off']).toContain(status)
})
