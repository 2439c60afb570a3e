/**
 * Langfuse, an OTLP receiver and a forwarding target side by side: each gets everything once, whatever
 * becomes of the others.
 */
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { LogRecord } from '../../src/domain/telemetry-record.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { runCommand } from './faults/run-command.ts'
import { createShiftedClock } from './faults/shifted-clock.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { createOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Servers {
  readonly langfuse: LangfuseStandIn
  readonly otlp: OtlpReceiver
  readonly forward: OtlpReceiver
}

async function servers(): Promise<Servers> {
  const all = {
    langfuse: await createLangfuseStandIn(),
    otlp: await createOtlpReceiver(),
    forward: await createOtlpReceiver(),
  }
  for (const server of Object.values(all)) cleanUp.push(() => server.close())
  return all
}

function folder(): string {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  return dataDir
}

function environmentOf(dataDir: string, { langfuse, otlp, forward }: Servers) {
  return {
    ...bridgeEnvironment(dataDir, langfuse),
    EXPORT_OTLP_ENDPOINT: otlp.url,
    FORWARD_OTLP_ENDPOINT: forward.url,
    FORWARD_OTLP_HEADERS: 'x-tenant=red',
    SHUTDOWN_TIMEOUT: '60000',
  }
}

async function start(environment: Record<string, string>, clock = createShiftedClock()) {
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(environment, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const app = await createApp(config.value, createLogger('silent'), clock)
  if (!app.ok) throw new Error(app.error)
  const started = await app.value.start()
  if (!started.ok) throw new Error(started.error)
  let stopped: Promise<boolean> | undefined
  const stop = () => (stopped ??= app.value.stop())
  cleanUp.push(stop)
  return { url: started.value.url, stop, clock }
}

const NAMES = ['tools', 'multi-turn-traces'] as const

/** What recordings hold, by the decoders' own count. */
async function recordsOf(names: readonly string[]) {
  const plain = await createOtlpReceiver()
  for (const name of names) await replay(plain.url, recording(name))
  await plain.close()
  const sent = { logs: plain.logs(), metrics: plain.metrics(), spans: plain.spans() }
  for (const records of Object.values(sent)) expect(records.length).toBeGreaterThan(5)
  return sent
}

const nameOf = ({ attributes, body }: LogRecord) => JSON.stringify(attributes['event.name'] ?? body)

/** Everything arrived once, and the same in both places that get traces. */
async function expectAll({ langfuse, otlp, forward }: Servers): Promise<void> {
  const ids = (spans: readonly { readonly spanId: string }[]) =>
    spans.map(({ spanId }) => spanId).toSorted()
  expect(ids(otlp.spans()).length).toBeGreaterThan(10)
  expect(ids(otlp.spans())).toEqual(ids(langfuse.spans()))
  expect(new Set(ids(otlp.spans())).size).toBe(otlp.spans().length)
  expect(langfuse.scores().length).toBeGreaterThan(0)
  const sent = await recordsOf(NAMES)
  expect(forward.logs().map(nameOf).toSorted()).toEqual(sent.logs.map(nameOf).toSorted())
  expect(forward.metrics()).toHaveLength(sent.metrics.length)
  expect(ids(forward.spans())).toEqual(ids(sent.spans))
}

test('each gets everything once, and health names them', async () => {
  const all = await servers()
  const { url, stop } = await start(environmentOf(folder(), all))
  for (const name of NAMES) await replay(url, recording(name))
  const health = (await (await fetch(`${url}/health`)).json()) as {
    readonly exporters: readonly { readonly name: string }[]
  }
  expect(health.exporters.map(({ name }) => name)).toEqual(['langfuse', 'otlp', 'forward'])
  expect(await stop()).toBe(true)
  await expectAll(all)
  expect(all.forward.requests()[0]).toMatchObject({ 'x-tenant': 'red' })
})

test('what is forwarded is what came in', async () => {
  const all = await servers()
  const { url, stop } = await start(environmentOf(folder(), all))
  for (const name of NAMES) await replay(url, recording(name))
  expect(await stop()).toBe(true)
  const sent = await recordsOf(NAMES)
  const sorted = (records: readonly object[]) =>
    records.map((record) => JSON.stringify(record)).toSorted()
  expect(sorted(all.forward.logs())).toEqual(sorted(sent.logs))
  expect(sorted(all.forward.metrics())).toEqual(sorted(sent.metrics))
  expect(sorted(all.forward.spans())).toEqual(sorted(sent.spans))
})

describe.each(['langfuse', 'otlp', 'forward'] as const)('while %s is down for an hour', (down) => {
  test('the others have everything at once, and it has everything afterwards', async () => {
    const all = await servers()
    const { url, stop, clock } = await start({
      ...environmentOf(folder(), all),
      SESSION_TIMEOUT: '1000',
    })
    const fail = () => ({ kind: 'status', status: 503 }) as const
    all[down].always(fail)
    for (const name of NAMES) await replay(url, recording(name))
    for (let minute = 0; minute < 60; minute += 1) clock.pass(60_000)
    const others = (['langfuse', 'otlp', 'forward'] as const).filter((name) => name !== down)
    type Exporters = { exporters: readonly { name: string; pending: number; state: string }[] }
    const waiting = () =>
      eventually(`${others.join(' and ')} to have all`, async () => {
        clock.pass(1_000)
        const { exporters } = (await (await fetch(`${url}/health`)).json()) as Exporters
        const pending = new Map(exporters.map((each) => [each.name, each.pending]))
        return others.every((name) => pending.get(name) === 0) && (pending.get(down) ?? 0) > 0
      })
    await waiting()
    expect(down === 'otlp' || all.otlp.spans().length > 10).toBe(true)
    all[down].always(() => undefined)
    clock.pass(60_000)
    expect(await stop()).toBe(true)
    await expectAll(all)
  })
})

const NAMES_OF_ALL = ['langfuse', 'otlp', 'forward'] as const
type Name = (typeof NAMES_OF_ALL)[number]

/** Until nothing waits for the others than `besides`, for which something does. */
async function othersHaveAll(url: string, besides: Name): Promise<void> {
  type Exporters = { exporters: readonly { name: string; pending: number }[] }
  await eventually(`all but ${besides} to have all`, async () => {
    const { exporters } = (await (await fetch(`${url}/health`)).json()) as Exporters
    return exporters.every(({ name, pending }) => (name === besides ? pending > 0 : pending === 0))
  })
}

test.each(NAMES_OF_ALL)('while %s hangs, the others have everything at once', async (slow) => {
  const all = await servers()
  const { url, stop } = await start(environmentOf(folder(), all))
  all[slow].always(() => ({ kind: 'hang' }))
  for (const name of NAMES) await replay(url, recording(name))
  await othersHaveAll(url, slow)
  const taken = {
    langfuse: all.langfuse.spans(),
    otlp: all.otlp.spans(),
    forward: all.forward.logs(),
  }
  for (const name of NAMES_OF_ALL) expect(taken[name].length > 0).toBe(name !== slow)
  all[slow].always(() => undefined)
  all[slow].release()
  expect(await stop()).toBe(true)
  await expectAll(all)
})

test.each(NAMES_OF_ALL)('kill -9 while %s is down loses and doubles nothing', async (down) => {
  const all = await servers()
  const environment = { ...environmentOf(folder(), all), LOG_LEVEL: 'info' }
  all[down].always(() => ({ kind: 'status', status: 503 }))
  const bridge = await startedProcess(environment)
  for (const name of NAMES) await replay(bridge.url, recording(name))
  // What the others answered is marked then: a kill repeats nothing.
  await othersHaveAll(bridge.url, down)
  bridge.kill('SIGKILL')
  await bridge.ended()
  all[down].always(() => undefined)
  const again = await startedProcess(environment)
  again.kill('SIGTERM')
  expect(await again.ended()).toBe(0)
  await expectAll(all)
})

test('nothing is lost by kill -9, and what repeats has the ids it had', async () => {
  const all = await servers()
  const environment = { ...environmentOf(folder(), all), LOG_LEVEL: 'info' }
  const [first, second] = NAMES
  const bridge = await startedProcess(environment)
  await replay(bridge.url, recording(first))
  bridge.kill('SIGKILL')
  await bridge.ended()
  const again = await startedProcess(environment)
  await replay(again.url, recording(second))
  again.kill('SIGTERM')
  expect(await again.ended()).toBe(0)
  const distinct = (spans: readonly { readonly spanId: string }[]) =>
    [...new Set(spans.map(({ spanId }) => spanId))].toSorted()
  expect(distinct(all.otlp.spans())).toEqual(distinct(all.langfuse.spans()))
  const sent = await recordsOf(NAMES)
  const logs = new Set(all.forward.logs().map((record) => JSON.stringify(record)))
  expect([...logs].toSorted()).toEqual(
    [...new Set(sent.logs.map((record) => JSON.stringify(record)))].toSorted(),
  )
})

test('an exporter that is configured later gets history by replay', async () => {
  const all = await servers()
  const dataDir = folder()
  const { langfuse, otlp } = all
  const before = await start(bridgeEnvironment(dataDir, langfuse))
  for (const name of NAMES) await replay(before.url, recording(name))
  expect(await before.stop()).toBe(true)
  expect(otlp.spans()).toEqual([])
  const command = await runCommand(dataDir, ['replay', '--all', '--to', 'otlp'], {
    EXPORT_OTLP_ENDPOINT: otlp.url,
  })
  expect(command).toMatch(/OTLP +http:.*EXPORT_OTLP_ENDPOINT/)
  expect(command).toMatch(/Delivered \d+ observations from \d+ records/)
  const ids = (spans: readonly { readonly spanId: string }[]) =>
    spans.map(({ spanId }) => spanId).toSorted()
  expect(ids(otlp.spans())).toEqual(ids(langfuse.spans()))
})

test.each([
  ['0', false],
  ['1', true],
])('FORWARD_UNREDACTED=%s: a secret is forwarded: %s', async (unredacted, isForwarded) => {
  const all = await servers()
  const secret = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
  const { url, stop } = await start({
    ...environmentOf(folder(), all),
    FORWARD_UNREDACTED: unredacted,
  })
  const [sample] = recording('tools').requests.filter(({ signal }) => signal === 'logs')
  const body = JSON.parse(sample?.body.toString() ?? '{}') as {
    resourceLogs: { scopeLogs: { logRecords: { attributes: object[] }[] }[] }[]
  }
  const [record] = body.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []
  record?.attributes.push({ key: 'note', value: { stringValue: `token ${secret}` } })
  const response = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  expect(await stop()).toBe(true)
  const forwarded = JSON.stringify(all.forward.logs())
  expect(forwarded).toContain('token ')
  expect(forwarded.includes(secret)).toBe(isForwarded)
  const sent = JSON.stringify([all.langfuse.spans(), all.otlp.spans()])
  expect(sent).not.toContain(secret)
})
