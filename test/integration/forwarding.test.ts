/**
 * What is forwarded is what came in: messages of the whole of OTLP, generated and read by its own
 * definition, go through the bridge to another collector and are compared field by field.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRecordMasker } from '../../src/processors/redact/record-masker.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from './corpus/bridge.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { eventually } from './corpus/recording.ts'
import { createGrpcClient, servicePaths } from './grpc/grpc-client.ts'

const definition = join(import.meta.dirname, '../fixtures/otlp/otlp.proto')
const { root } = protobuf.parse(readFileSync(definition, 'utf8'))

const signals = {
  logs: {
    type: 'otlp.ExportLogsServiceRequest',
    names: ['resourceLogs', 'scopeLogs', 'logRecords'],
  },
  metrics: {
    type: 'otlp.ExportMetricsServiceRequest',
    names: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  },
  traces: {
    type: 'otlp.ExportTraceServiceRequest',
    names: ['resourceSpans', 'scopeSpans', 'spans'],
  },
} as const
type Signal = keyof typeof signals
const signalNames = Object.keys(signals) as Signal[]

type Json = Record<string, unknown>

/** A message as OTLP/JSON writes it. */
function toJson(type: protobuf.Type, message: protobuf.Message | Json): Json {
  const plain = type.toObject(message as protobuf.Message, {
    longs: String,
    bytes: String,
    json: true,
  })
  return withIds(plain, 'hex') as Json
}

/** JSON.stringify forgets the sign of -0. */
function jsonText(message: Json): string {
  return JSON.stringify(message, (_key, value: unknown) => (Object.is(value, -0) ? '-0' : value))
}

const ID_NAMES = new Set(['traceId', 'spanId', 'parentSpanId'])

function withIds(value: unknown, to: 'hex' | 'base64', name = ''): unknown {
  if (ID_NAMES.has(name) && typeof value === 'string') {
    return Buffer.from(value, to === 'hex' ? 'base64' : 'hex').toString(to)
  }
  if (Array.isArray(value)) return value.map((each) => withIds(each, to))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withIds(each, to, key)]),
  )
}

/** What is in a request: each item with what is around it. */
function itemsOf(request: Json, signal: Signal): Json[] {
  const [groups, scopes, items] = signals[signal].names
  const list = (of: Json, name: string) => (of[name] ?? []) as Json[]
  const without = (of: Json) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => name !== scopes && name !== items))
  return list(request, groups).flatMap((group) =>
    list(group, scopes).flatMap((scope) =>
      list(scope, items).map((item) => ({ group: without(group), scope: without(scope), item })),
    ),
  )
}

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constant(''))
const hexBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  bool: fc.boolean(),
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, 2 ** 60)),
  fixed32: fc.nat(),
  uint32: fc.nat(),
  sint32: fc.integer(),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  bytes: fc.uint8Array({ maxLength: 8 }),
}

function fieldArbitrary(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  field.resolve()
  const single = singleArbitrary(field, depth)
  if (single === undefined || !field.repeated) return single
  const isList = field.resolvedType instanceof protobuf.Type && depth > 4
  return fc.array(single, { maxLength: isList ? 1 : 3 })
}

function singleArbitrary(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  const { resolvedType, name, type } = field
  if (name === 'traceId') return hexBytes(16)
  if (name === 'spanId' || name === 'parentSpanId') return hexBytes(8)
  if (resolvedType instanceof protobuf.Enum)
    return fc.constantFrom(...Object.values(resolvedType.values))
  if (resolvedType instanceof protobuf.Type) {
    return depth > 9 ? undefined : messageArbitrary(resolvedType, depth + 1)
  }
  return scalars[type]
}

/** Without them there is nothing to forward. */
const LISTS: ReadonlySet<string> = new Set(signalNames.flatMap((signal) => signals[signal].names))

/** Any message: each field set or left out, at most one of a oneof. */
function messageArbitrary(type: protobuf.Type, depth = 0): fc.Arbitrary<Json> {
  const fields = type.fieldsArray.flatMap((field) => {
    const arbitrary = fieldArbitrary(field, depth)
    return arbitrary === undefined ? [] : [{ field, arbitrary }]
  })
  const isOneof = ({ field }: { field: protobuf.Field }) =>
    field.partOf !== null && !field.partOf.isProto3Optional
  const plain = fc.record(
    Object.fromEntries(
      fields
        .filter((each) => !isOneof(each))
        .map(({ field, arbitrary }) => [field.name, arbitrary]),
    ),
    { requiredKeys: fields.flatMap(({ field }) => (LISTS.has(field.name) ? [field.name] : [])) },
  )
  const choices = fields.filter(isOneof)
  if (choices.length === 0) return plain
  const chosen = fc.oneof(
    ...choices.map(({ field, arbitrary }) => arbitrary.map((value) => ({ [field.name]: value }))),
  )
  return fc.tuple(plain, chosen).map(([a, b]) => ({ ...a, ...b }))
}

interface Arrived {
  readonly signal: Signal
  readonly isJson: boolean
  readonly body: Buffer
}

async function createCollector() {
  const arrived: Arrived[] = []
  let status = 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      const isJson = request.headers['content-type'] === 'application/json'
      if (status === 200 && body.length > 0 && body.toString() !== '{}') {
        arrived.push({ signal: request.url?.split('/').at(-1) as Signal, isJson, body })
      }
      response.writeHead(status, { 'content-type': request.headers['content-type'] })
      response.end(isJson ? '{}' : '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answerWith: (next: number) => {
      status = next
    },
    /** What arrived of a signal, in the order in which it was sent, and is taken out by this. */
    items: (signal: Signal): Json[] =>
      arrived
        .filter((each) => each.signal === signal)
        .flatMap((each) => itemsOf(decoded(each), signal)),
    bodies: () => arrived.map(({ body }) => body),
    encodings: () => arrived.map(({ isJson }) => isJson),
    clear: () => {
      arrived.length = 0
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function decoded({ signal, isJson, body }: Arrived): Json {
  const type = root.lookupType(signals[signal].type)
  if (!isJson) return toJson(type, type.decode(body))
  const json = withIds(JSON.parse(body.toString()), 'base64') as Json
  return toJson(type, type.fromObject(json))
}

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const encodings = ['protobuf', 'json', 'grpc'] as const
type Encoding = (typeof encodings)[number]

async function send(
  bridge: Pick<TestBridge, 'url' | 'grpc'>,
  signal: Signal,
  message: Json,
  encoding: Encoding,
  isGzipped: boolean,
): Promise<number> {
  const type = root.lookupType(signals[signal].type)
  const bytes = Buffer.from(type.encode(type.fromObject(message)).finish())
  if (encoding === 'grpc') {
    const client = createGrpcClient(bridge.grpc ?? '', isGzipped)
    const { code } = await client.send(servicePaths[signal], bytes)
    client.close()
    return code === 0 ? 200 : code
  }
  const plain =
    encoding === 'json' ? Buffer.from(jsonText(toJson(type, type.decode(bytes)))) : bytes
  const response = await fetch(`${bridge.url}/v1/${signal}`, {
    method: 'POST',
    headers: {
      'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      ...(isGzipped && { 'content-encoding': 'gzip' }),
    },
    body: isGzipped ? gzipSync(plain) : plain,
  })
  await response.arrayBuffer()
  return response.status
}

type Collector = Awaited<ReturnType<typeof createCollector>>

function environmentOf(dataDir: string, collector: Collector, unredacted: '0' | '1') {
  return {
    ...bridgeEnvironment(dataDir),
    OTLP_GRPC_PORT: '0',
    FORWARD_OTLP_ENDPOINT: collector.url,
    FORWARD_UNREDACTED: unredacted,
  }
}

async function rig(unredacted: '0' | '1' = '1') {
  const collector = await createCollector()
  const dataDir = temporaryFolder()
  const bridge = await startBridge(environmentOf(dataDir, collector, unredacted))
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(() => removeFolder(dataDir), collector.close, stop)
  return { collector, bridge, stop }
}

describe('every field of OTLP', () => {
  let shared: { collector: Collector; bridge: TestBridge; dataDir: string }
  let run = 0
  beforeAll(async () => {
    const collector = await createCollector()
    const dataDir = temporaryFolder()
    shared = {
      collector,
      dataDir,
      bridge: await startBridge(environmentOf(dataDir, collector, '1')),
    }
  })
  afterAll(async () => {
    await shared.bridge.stop()
    shared.collector.close()
    removeFolder(shared.dataDir)
  })

  test.each(signalNames)('of %s arrives as it was sent', async (signal) => {
    const { collector, bridge } = shared
    const type = root.lookupType(signals[signal].type)
    await fc.assert(
      fc.asyncProperty(
        messageArbitrary(type),
        fc.constantFrom(...encodings),
        fc.boolean(),
        async (message, encoding, isGzipped) => {
          run += 1
          // Without this a request could be one that came before.
          for (const group of (message[signals[signal].names[0]] ?? []) as Json[]) {
            group.schemaUrl = `run ${run}`
          }
          collector.clear()
          const sent = itemsOf(toJson(type, type.fromObject(message)), signal)
          expect(await send(bridge, signal, message, encoding, isGzipped)).toBe(200)
          await eventually('it to arrive', () => collector.items(signal).length >= sent.length)
          expect(collector.items(signal)).toEqual(sent)
          expect(collector.encodings().every((isJson) => isJson === (encoding === 'json'))).toBe(
            true,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('fields that are not known yet arrive as well', async () => {
    const { collector, bridge } = shared
    collector.clear()
    const record = Buffer.from('fa0f03616263', 'hex')
    const around = (bytes: Buffer) => Buffer.concat([Buffer.from([0x12, bytes.length]), bytes])
    const group = around(around(record))
    const body = Buffer.concat([Buffer.from([0x0a, group.length]), group])
    const response = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body,
    })
    expect(response.status).toBe(200)
    await eventually('it to arrive', () => collector.items('logs').length > 0)
    expect(collector.bodies().at(-1)?.toString('hex')).toBe(body.toString('hex'))
  })
})

const gauge = {
  name: 'memory',
  gauge: { dataPoints: [{ timeUnixNano: '1795229558020000000', asDouble: 0.5 }] },
}
const gauges = (service: string) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeMetrics: [{ metrics: [gauge] }],
    },
  ],
})

test.each(['claude-code', 'somebody-else'])(
  'a request of gauges of %s is passed on',
  async (service) => {
    const { collector, bridge } = await rig()
    expect(await send(bridge, 'metrics', gauges(service), 'protobuf', false)).toBe(200)
    await eventually('it to arrive', () => collector.items('metrics').length === 1)
    expect(collector.items('metrics')[0]?.item).toEqual(gauge)
  },
)

test('what is refused as malformed is not passed on', async () => {
  const { collector, bridge } = await rig()
  for (const body of ['{"resourceLogs": [', '{"resourceSpans": []}']) {
    const response = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.status).toBe(400)
  }
  await send(bridge, 'metrics', gauges('a'), 'json', false)
  await eventually('the other to arrive', () => collector.items('metrics').length === 1)
  expect(collector.items('logs')).toEqual([])
})

test('a request that comes again is passed on once, equal items of one request all', async () => {
  const { collector, bridge, stop } = await rig()
  const twice = { resourceMetrics: [{ scopeMetrics: [{ metrics: [gauge, gauge] }] }] }
  for (let i = 0; i < 3; i += 1) {
    for (const encoding of ['protobuf', 'grpc'] as const) {
      expect(await send(bridge, 'metrics', twice, encoding, i === 1)).toBe(200)
    }
  }
  const more = { resourceMetrics: [{ scopeMetrics: [{ metrics: [gauge, gauge, gauge] }] }] }
  expect(await send(bridge, 'metrics', more, 'protobuf', false)).toBe(200)
  await eventually('three', () => collector.items('metrics').length >= 3)
  await stop()
  expect(collector.items('metrics')).toHaveLength(3)
})

test('a metric of many points arrives whole', async () => {
  const { collector, bridge } = await rig()
  const points = Array.from({ length: 20_000 }, (_, i) => ({
    timeUnixNano: String(1_795_229_558_020_000_000n + BigInt(i)),
    asInt: String(i),
  }))
  for (const [index, encoding] of (['protobuf', 'json'] as const).entries()) {
    collector.clear()
    const metric = { name: `many ${index}`, unit: '1', description: 'd' }
    const request = {
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ ...metric, gauge: { dataPoints: points } }] }] },
      ],
    }
    expect(await send(bridge, 'metrics', request, encoding, false)).toBe(200)
    const pointsIn = () =>
      collector
        .items('metrics')
        .flatMap(({ item }) => (item as Json & typeof gauge).gauge.dataPoints)
    await eventually('all points', () => pointsIn().length >= points.length)
    expect(pointsIn()).toEqual(points)
    for (const { item } of collector.items('metrics')) expect(item).toMatchObject(metric)
  }
})

test('redaction takes the secrets out of every text, and nothing else', async () => {
  const { collector, bridge } = await rig('0')
  const secret = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
  const masker = createRecordMasker({
    mode: 'on',
    attributes: new Set(),
    userRules: [],
    content: new Set(),
  })
  const masked = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string' && !ID_NAMES.has(name)) return masker.maskText(value)
    if (Array.isArray(value)) return value.map((each) => masked(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each, key)]))
  }
  const texts = fc.oneof(fc.constantFrom('plain', '', `use ${secret} now`), fc.nat().map(String))
  const plainScalars = { ...scalars }
  Object.assign(scalars, { string: texts })
  let run = 0
  try {
    for (const signal of signalNames) {
      const type = root.lookupType(signals[signal].type)
      await fc.assert(
        fc.asyncProperty(
          messageArbitrary(type),
          fc.constantFrom(...encodings),
          async (message, encoding) => {
            run += 1
            for (const group of (message[signals[signal].names[0]] ?? []) as Json[]) {
              group.schemaUrl = `run ${run}`
            }
            collector.clear()
            const sent = itemsOf(toJson(type, type.fromObject(message)), signal)
            expect(await send(bridge, signal, message, encoding, false)).toBe(200)
            await eventually('it to arrive', () => collector.items(signal).length >= sent.length)
            const arrived = collector.items(signal)
            expect(JSON.stringify(arrived)).not.toContain(secret)
            expect(arrived).toEqual(masked(sent))
          },
        ),
        { numRuns: 40 },
      )
    }
  } finally {
    Object.assign(scalars, plainScalars)
  }
})

test('an outage and kill -9 lose nothing and double nothing', async () => {
  const collector = await createCollector()
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir), collector.close)
  const environment = { ...environmentOf(dataDir, collector, '0'), LOG_LEVEL: 'info' }
  collector.answerWith(503)
  const first = await startedProcess(environment)
  const requests = Array.from({ length: 20 }, (_, i) => gauges(`somebody ${i}`))
  for (const request of requests) {
    expect(await send({ url: first.url, grpc: undefined }, 'metrics', request, 'json', false)).toBe(
      200,
    )
  }
  first.kill('SIGKILL')
  await first.ended()
  collector.answerWith(200)
  const again = await startedProcess(environment)
  for (const request of requests) {
    expect(await send({ url: again.url, grpc: undefined }, 'metrics', request, 'json', true)).toBe(
      200,
    )
  }
  await eventually('all', () => collector.items('metrics').length >= requests.length)
  again.kill('SIGTERM')
  expect(await again.ended()).toBe(0)
  expect(collector.items('metrics')).toHaveLength(requests.length)
})
