/** Follows docs/adding-an-exporter.md with an exporter that does not exist: one line of JSON an item. */
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createDeliveries } from '../../../src/exporters/deliveries.ts'
import type { Exporter, ExporterDefinition, Verdict } from '../../../src/exporters/exporter.ts'
import { spanIdOf } from '../../../src/exporters/ids.ts'
import {
  configuredExporters,
  exporterDefinitions,
  outboxReaders,
} from '../../../src/exporters/registry.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import { createManualClock, settle } from '../manual-clock.ts'
import { AT_MS, nothing, observation, plainStates, score, type State } from '../storage/arrivals.ts'
import { temporaryFolder } from '../storage/open-store.ts'

// What would be `src/exporters/lines/`. Instead of a server it has an array.

interface Server {
  readonly lines: string[]
  verdict: (lines: readonly string[]) => Verdict
}

function createLinesExporter(server: Server): Exporter {
  return {
    name: 'lines',
    label: 'Lines',
    address: 'memory:lines',
    account: 'memory:lines',
    lanes: [
      {
        kind: 'observation',
        maxItems: 4,
        maxBytes: 10_000,
        maxConcurrent: 1,
        encode: (item) => {
          if (item.kind !== 'observation') throw new Error(`a ${item.kind} is no observation`)
          const { traceKey, key, name } = item
          const body = JSON.stringify({ id: spanIdOf(traceKey, key), name })
          return { body, bytes: Buffer.byteLength(body) }
        },
        send: async (batch) => {
          const lines = batch.map(({ body }) => String(body))
          const verdict = server.verdict(lines)
          if (verdict.kind === 'accepted') server.lines.push(...lines)
          return verdict
        },
      },
    ],
    probe: async () => ({ kind: 'accepted' }),
  }
}

const linesTo = (server: Server): ExporterDefinition => ({
  name: 'lines',
  label: 'Lines',
  addressSettings: [],
  kinds: ['observation'],
  isAwaited: false,
  create: () => createLinesExporter(server),
})

/** As the composition root does it, with a line more in the registry. */
async function rig() {
  const server: Server = { lines: [], verdict: () => ({ kind: 'accepted' }) }
  const config = loadConfig({}, { os: 'linux', homeDir: '/home/ada', workingDir: '/srv' })
  if (!config.ok) throw new Error('an empty configuration is one')
  const clock = createManualClock(AT_MS)
  const context = { productVersion: '1.2.3', now: () => clock.now() }
  const definitions = [...exporterDefinitions, linesTo(server)]
  const exporters = configuredExporters(config.value, context, definitions)
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const opened = await openStore<State>({
    dataDir: temporaryFolder(),
    clock,
    states: plainStates(),
    retentionMs: 0,
    outbox: { maxAgeMs: 0, maxBytes: 0 },
    exporters: outboxReaders(exporters),
    log,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const { outbox, pause } = store
  const deliveries = createDeliveries({ exporters, outbox, pause, clock, random: () => 0.5, log })
  onTestFinished(async () => {
    await deliveries.stop()
    await store.close()
  })
  deliveries.start()
  const commit = async (...keys: readonly string[]): Promise<void> => {
    const emissions = [...keys.map((key) => observation(key, { name: key })), score('quality')]
    await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    deliveries.notify()
    await settle()
  }
  const names = () => server.lines.map((line) => (JSON.parse(line) as { name: string }).name)
  return { server, clock, store, deliveries, commit, names }
}

test('it gets every item once, beside Langfuse, which is not configured and keeps its own', async () => {
  const { store, deliveries, commit, names } = await rig()
  await commit('a', 'b')
  expect(names()).toEqual(['a', 'b'])
  expect(deliveries.status()).toMatchObject([
    { name: 'langfuse', state: 'unconfigured', delivered: 0 },
    { name: 'lines', state: 'connected', address: 'memory:lines', delivered: 2 },
  ])
  expect(await store.outbox('langfuse', 'observation').stats()).toMatchObject({ pending: 2 })
  expect(await store.outbox('lines', 'observation').stats()).toMatchObject({ pending: 0 })
})

test('what it fails to send is sent again, what is refused is put aside alone', async () => {
  const { server, clock, store, commit, names } = await rig()
  server.verdict = () => ({ kind: 'retry', cause: 'failing', reason: 'busy' })
  await commit('a', 'bad', 'c')
  server.verdict = (lines) =>
    lines.some((line) => line.includes('bad'))
      ? { kind: 'rejected', reason: 'not liked' }
      : { kind: 'accepted' }
  await clock.advance(1_000)
  expect(names()).toEqual(['a', 'c'])
  expect(await store.deadItems.list(10)).toMatchObject([
    { exporter: 'lines', attempts: 1, reason: 'not liked' },
  ])
})
