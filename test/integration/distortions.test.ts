/**
 * A recorded session through any chain of what pipelines do to records: as long as it can be told
 * whose they are, it adds up to the same; otherwise every record is in the quarantine, and counted.
 */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Distortion,
  type DistortionName,
  distortions,
  type Item,
  itemsOf,
  losses,
  namesSession,
  requestOf,
} from './cases/distortions.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from './corpus/bridge.ts'
import { recording } from './corpus/recording.ts'

const RECORDING = 'tools-traces'
const folder = temporaryFolder()
let bridge: TestBridge

beforeAll(async () => {
  bridge = await startBridge(bridgeEnvironment(folder))
})

afterAll(async () => {
  await bridge.stop()
  removeFolder(folder)
})

/** The recording as records, in a session of its own. */
function recorded(sessionId: string): readonly Item[] {
  const { requests, truth } = recording(RECORDING)
  const [own] = Object.keys(truth)
  return requests.flatMap(({ signal, body }) =>
    signal === 'hook'
      ? []
      : itemsOf(signal, JSON.parse(body.toString().replaceAll(own ?? '', sessionId))),
  )
}

async function post(item: Item, isSnake: boolean): Promise<{ status: number; text: string }> {
  const reply = await fetch(`${bridge.url}/v1/${item.signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: requestOf(item, isSnake),
  })
  return { status: reply.status, text: await reply.text() }
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${bridge.url}${path}`)).json()) as T
}

interface Session {
  readonly strip: Record<string, unknown>
  readonly models: readonly Record<string, unknown>[]
  readonly tools: readonly Record<string, unknown>[]
  readonly reconciliation: unknown
}

/** What a session adds up to; times are not part of it. */
async function totalsOf(sessionId: string) {
  const key = encodeURIComponent(`claude-code/${sessionId}`)
  const { strip, models, tools, reconciliation } = await get<Session>(`/api/sessions/${key}`)
  const counted = (of: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => !/Ms$/.test(name)))
  return {
    strip: counted(strip),
    models: models.map(counted),
    tools: tools.map(counted),
    reconciliation,
  }
}

interface Quarantine {
  readonly quarantine: { readonly records: number; readonly dropped: number }
}

async function inQuarantine(): Promise<number> {
  const { quarantine } = await get<Quarantine>('/api/delivery')
  return quarantine.records + quarantine.dropped
}

async function refusedRecords(): Promise<number> {
  const { refused } = await get<{ refused: Record<string, number> }>('/health')
  return (refused.unknown_agent ?? 0) + (refused.no_session ?? 0) + (refused.no_event_name ?? 0)
}

const chain = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...(Object.keys(distortions) as DistortionName[])), {
    maxLength: 6,
  }),
  isSnake: fc.boolean(),
})

/** What comes again is the same record, and kept once: each run has records of its own. */
function applied(items: readonly Item[], steps: readonly Distortion[]): readonly Item[] {
  const run = { key: 'run', value: { stringValue: randomUUID() } }
  return items
    .map((item) => steps.reduce((changed, step) => step(changed), item))
    .map((item) => ({ ...item, resource: [...item.resource, run] }))
}

test('whatever chain of distortions leaves the records recognisable, the totals are the same', async () => {
  const plain = randomUUID()
  for (const item of recorded(plain)) expect((await post(item, false)).text).toBe('{}')
  const expected = await totalsOf(plain)
  expect(expected.strip).toMatchObject({ prompts: 1, costUsd: expect.any(Number) })
  await fc.assert(
    fc.asyncProperty(chain, async ({ names, isSnake }) => {
      const sessionId = randomUUID()
      const items = applied(
        recorded(sessionId),
        names.map((name) => distortions[name]),
      )
      const isPlaceable = items.every(namesSession)
      const before = await inQuarantine()
      const refusedBefore = await refusedRecords()
      for (const item of items) {
        const reply = await post(item, isSnake)
        expect(reply.status).toBe(200)
        expect(reply.text === '{}').toBe(isPlaceable)
      }
      const lost = isPlaceable ? 0 : items.length
      expect((await inQuarantine()) - before).toBe(lost)
      expect((await refusedRecords()) - refusedBefore).toBe(lost)
      const totals = isPlaceable ? await totalsOf(sessionId) : expected
      expect(totals).toEqual(expected)
    }),
    {
      numRuns: 40,
      examples: [
        // What is left is the body, and that is a map.
        [{ names: ['dropScope', 'bodyInMap', 'dropSequence', 'dropResource'], isSnake: false }],
      ],
    },
  )
})

test('after a loss every record is in the quarantine, whatever else was done to it', async () => {
  const lossNames = Object.keys(losses) as (keyof typeof losses)[]
  await fc.assert(
    fc.asyncProperty(chain, fc.constantFrom(...lossNames), async ({ names, isSnake }, loss) => {
      // Before the distortions, which may write names as bytes; behind them for the scope.
      const items = applied(recorded(randomUUID()), [
        losses[loss],
        ...names.map((name) => distortions[name]),
        losses[loss],
      ])
      const before = await inQuarantine()
      const refusedBefore = await refusedRecords()
      for (const item of items) {
        expect((await post(item, isSnake)).text).toContain('partialSuccess')
      }
      expect((await inQuarantine()) - before).toBe(items.length)
      expect((await refusedRecords()) - refusedBefore).toBe(items.length)
    }),
    { numRuns: 15 },
  )
})
