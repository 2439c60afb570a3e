/**
 * Set-ups of Claude Code, right and wrong ones, against a network of which all is known: what the
 * doctor calls broken, and that it calls nothing broken where everything arrives.
 */
import { describe, expect, test } from 'vitest'
import { examineBridge } from '../../../src/doctor/bridge-checks.ts'
import type { Answer, BridgeProbe, GrpcAnswer } from '../../../src/doctor/bridge-probe.ts'
import { bridgeTarget } from '../../../src/doctor/bridge-target.ts'
import { claudeEnvironment, type Layer } from '../../../src/doctor/claude-environment.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import type { Surroundings } from '../../../src/doctor/machine-checks.ts'
import type { Headers } from '../../../src/doctor/header-list.ts'
import { signalPlans } from '../../../src/doctor/signal-plan.ts'
import { telemetryFindings } from '../../../src/doctor/telemetry-checks.ts'

const KEY = 'secret'
const NOW = 1_795_229_558_020
const HEALTH = JSON.stringify({ status: 'ok', version: '1', langfuse: 'connected', delivery: {} })
const MACHINE = ['localhost', '127.0.0.1', '[::1]', '::1']

/** What there is beside Claude Code. */
interface World {
  /** The bridge asks for this key. */
  readonly apiKey?: string
  /** Names by which this machine is reached beside its own. */
  readonly aliases?: readonly string[]
  readonly grpcPort?: number | undefined
  /** A collector of somebody else, at port 5318. */
  readonly hasCollector?: boolean
  /** Proxies that lead to this machine. */
  readonly proxies?: readonly string[]
  readonly surroundings?: Surroundings
}

/** A bridge at 4318 and 4317 of this machine, as it answers. */
function network({
  apiKey,
  aliases = [],
  grpcPort,
  hasCollector,
  proxies = [],
}: World): BridgeProbe {
  const answer = (status: number, text = '{}'): Answer => ({
    kind: 'answer',
    status,
    text,
    dateMs: NOW,
  })
  const nobody: Answer = { kind: 'no_answer', error: 'connect ECONNREFUSED' }
  const isHere = (host: string) => MACHINE.includes(host) || aliases.includes(host)
  const hasKey = (headers: Headers) =>
    Object.entries(headers).some(
      ([name, value]) =>
        name.toLowerCase() === 'authorization' && value.replace('%20', ' ') === `Bearer ${apiKey}`,
    )

  function admitted(host: string, headers: Headers): number {
    if (apiKey !== undefined) return hasKey(headers) ? 200 : 401
    return MACHINE.includes(host) ? 200 : 403
  }

  function http(url: string, headers: Headers, signal?: string): Answer {
    const { protocol, hostname, port, pathname } = new URL(url)
    if (!isHere(hostname)) return { kind: 'no_answer', error: `getaddrinfo ENOTFOUND ${hostname}` }
    if (hasCollector === true && port === '5318') return answer(signal === undefined ? 404 : 200)
    if (port !== '4318' || protocol !== 'http:') return nobody
    const status = admitted(hostname, headers)
    if (status === 403) return answer(403, '{"message":"the Host header is wrong"}')
    return pathname === '/health' ? healthTo(status) : exported(status, pathname, signal)
  }

  const healthTo = (status: number): Answer =>
    answer(200, status === 200 ? HEALTH : '{"status":"ok","service":"claude-telemetry"}')

  function exported(status: number, pathname: string, signal: string | undefined): Answer {
    const path = /\/v1\/(logs|metrics|traces)\/*$/.exec(pathname)?.[1]
    if (status !== 200) return answer(status)
    if (path === undefined) return answer(404)
    return answer(signal === 'protobuf' || signal === path ? 200 : 400)
  }

  const openGrpc = (host: string, port: number) => isHere(host) && port === grpcPort
  return {
    get: async (url, headers = {}) => http(url, headers),
    post: async (url, body, headers) =>
      http(
        url,
        headers,
        { resourceLogs: 'logs', resourceMetrics: 'metrics', resourceSpans: 'traces' }[
          Object.keys(body as object)[0] ?? ''
        ],
      ),
    postProtobuf: async (url, headers) => http(url, headers, 'protobuf'),
    delete: async (url, headers) => http(url, headers),
    accepts: async (host, port) => openGrpc(host, port) || (isHere(host) && port === 4318),
    connectsThrough: async (proxy, host, port) =>
      proxies.includes(proxy) && (openGrpc(host, port) || (isHere(host) && port === 4318)),
    grpc: async ({ hostname, protocol }, _signal, headers): Promise<GrpcAnswer> => {
      if (protocol === 'https:') return { kind: 'no_answer', error: 'wrong version number' }
      const host = hostname.replace(/^\[|\]$/g, '')
      const code = { 200: 0, 401: 16, 403: 7 }[admitted(host, headers)] ?? 2
      return { kind: 'answer', code }
    },
  }
}

interface SetUp {
  readonly name: string
  readonly world?: World
  readonly shell?: Layer['variables']
  /** Over what is usual in the user's settings; `undefined` takes a variable out. */
  readonly user?: Layer['variables']
  readonly project?: Layer['variables']
  readonly managed?: Layer['variables']
  /** The headers that `otelHeadersHelper` gives. */
  readonly helper?: Headers
  /** Ids of what fails, and what is said of it. */
  readonly fails?: readonly [RegExp, ...string[]]
  readonly warns?: readonly string[]
}

const usual = {
  CLAUDE_CODE_ENABLE_TELEMETRY: '1',
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
}
const grpc = {
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
}
const traces = { OTEL_TRACES_EXPORTER: 'otlp', CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1' }
const key = { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${KEY}` }
const noCommon = { OTEL_EXPORTER_OTLP_ENDPOINT: undefined }
const locked: World = { apiKey: KEY }
const base = 'http://127.0.0.1:4318'
const dead = 'http://127.0.0.1:9'

const working: readonly SetUp[] = [
  { name: 'as install writes it' },
  { name: 'protobuf', user: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' } },
  { name: 'gRPC', user: grpc },
  { name: 'gRPC by name', user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317' } },
  { name: 'gRPC over IPv6', user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4317' } },
  { name: 'with traces', user: traces },
  { name: 'with traces over gRPC', user: { ...grpc, ...traces } },
  { name: 'with a key', world: locked, user: key },
  {
    name: 'with a key, percent-encoded',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${KEY}` },
  },
  { name: 'with a key over gRPC', world: locked, user: { ...grpc, ...key } },
  { name: 'with a key and traces', world: locked, user: { ...key, ...traces } },
  {
    name: 'with the key of each signal',
    world: locked,
    user: {
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS,
    },
  },
  // From here to the next comment: as 2.1.329 sends them, by what arrived.
  ...[' 1', '1 ', 'yes', 'TRUE'].map((value) => ({
    name: `switched on by ${JSON.stringify(value)}`,
    user: { CLAUDE_CODE_ENABLE_TELEMETRY: value },
  })),
  { name: 'blanks around the protocol', user: { OTEL_EXPORTER_OTLP_PROTOCOL: ' http/json ' } },
  {
    name: 'a user and a password',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://u:p@127.0.0.1:4318' },
  },
  {
    name: 'a dead endpoint of the shell that the settings set to nothing',
    shell: { OTEL_EXPORTER_OTLP_ENDPOINT: dead },
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  },
  {
    name: 'an endpoint of logs that is no address, beside the common one',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: '127.0.0.1:9/v1/logs' },
  },
  {
    name: 'an endpoint of logs with a query, which is left out',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/logs?x=1` },
  },
  {
    name: 'gRPC without a scheme, and without TLS',
    user: {
      ...grpc,
      OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4317',
      OTEL_EXPORTER_OTLP_INSECURE: 'TRUE',
    },
  },
  {
    name: 'gRPC with a path, which is left out',
    user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317/path?x=1' },
  },
  {
    name: 'a comma too many among the headers',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${KEY},` },
  },
  {
    name: 'headers of logs beside the common ones',
    world: locked,
    user: { ...key, OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'X-Team=core' },
  },
  {
    name: 'the key of each signal, percent-encoded',
    world: locked,
    user: {
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: `Authorization=Bearer%20${KEY}`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: `Authorization=Bearer%20${KEY}`,
    },
  },
  {
    name: 'over gRPC the key of a signal before a wrong common one',
    world: locked,
    user: {
      ...grpc,
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer old',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS,
    },
  },
  {
    name: 'otelHeadersHelper over a header in lower case',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer old' },
    helper: { authorization: `Bearer ${KEY}` },
  },
  ...['a=x;y', 'a=ü,b=🎉', 'a=1,,b=2', 'a b=c d', 'a='].map((value) => ({
    name: `resource attributes written as ${value}`,
    user: { OTEL_RESOURCE_ATTRIBUTES: value },
  })),
  ...['none,otlp', 'otlp,', ' otlp', 'otlp,,console'].map((value) => ({
    name: `exporters written as ${JSON.stringify(value)}`,
    user: { OTEL_LOGS_EXPORTER: value },
  })),
  {
    name: 'an unknown exporter of traces that are not sent',
    user: { OTEL_TRACES_EXPORTER: 'jaeger' },
  },
  {
    name: 'an unknown protocol of traces that are not sent',
    user: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'json' },
  },
  {
    name: 'an unknown common protocol that no signal goes by',
    user: {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'json',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    },
  },
  {
    name: 'traces by the other name of their switch',
    user: { OTEL_TRACES_EXPORTER: 'otlp', ENABLE_ENHANCED_TELEMETRY_BETA: '1' },
  },
  ...['vm', '.vm', 'VM', '*', 'vm:4318', 'x vm', 'x, vm'].map((value) => ({
    name: `a proxy from which another machine is taken out by ${JSON.stringify(value)}`,
    world: { ...locked, aliases: ['vm'] },
    shell: { HTTP_PROXY: dead, NO_PROXY: value },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
  })),
  {
    name: 'a proxy for gRPC alone, and another machine over HTTP',
    world: { ...locked, aliases: ['vm'] },
    shell: { grpc_proxy: dead, ALL_PROXY: dead },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
  },
  {
    name: 'a proxy that leads to another machine over HTTP',
    world: { ...locked, aliases: ['vm'], proxies: ['http://proxy:3128'] },
    shell: { HTTPS_PROXY: 'http://proxy:3128', http_proxy: dead },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
  },
  // The others.
  {
    name: 'with a wrong key for logs, which does not count beside the common one',
    world: locked,
    user: { ...key, OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'Authorization=Bearer other' },
  },
  {
    name: 'with a key among other headers',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `X-Team=core,authorization=Bearer ${KEY}` },
  },
  { name: 'with a key in the shell', world: locked, shell: key },
  { name: 'with a key that the organisation sets', world: locked, managed: key },
  { name: 'with otelHeadersHelper', world: locked, helper: { Authorization: `Bearer ${KEY}` } },
  {
    name: 'with otelHeadersHelper over a wrong header',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer old' },
    helper: { Authorization: `Bearer ${KEY}` },
  },
  {
    name: 'with otelHeadersHelper and protobuf',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
    helper: { authorization: `Bearer ${KEY}` },
  },
  {
    name: 'with headers that nobody asks for',
    user: { OTEL_EXPORTER_OTLP_HEADERS: 'X-Team=core' },
  },
  {
    name: 'all in the shell',
    shell: usual,
    user: Object.fromEntries(Object.keys(usual).map((name) => [name, undefined])),
  },
  {
    name: 'all by the organisation',
    managed: usual,
    user: Object.fromEntries(Object.keys(usual).map((name) => [name, undefined])),
  },
  { name: 'two slashes behind the endpoint', user: { OTEL_EXPORTER_OTLP_ENDPOINT: `${base}//` } },
  { name: 'a slash behind the endpoint', user: { OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/` } },
  { name: 'an endpoint with a path', user: { OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/some/path` } },
  {
    name: 'an endpoint with the path of a signal',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/v1/logs` },
  },
  {
    name: 'an endpoint of logs beside the common one',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/logs` },
  },
  { name: 'one with a slash', user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/logs/` } },
  {
    name: 'one by another name',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://localhost:4318/v1/logs' },
  },
  {
    name: 'endpoints of the signals only',
    user: {
      ...noCommon,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/logs`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${base}/v1/metrics`,
    },
  },
  {
    name: 'endpoints of the signals, and a dead common one that nothing goes by',
    user: {
      OTEL_EXPORTER_OTLP_ENDPOINT: dead,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/logs`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${base}/v1/metrics`,
    },
  },
  { name: 'the default endpoint', user: noCommon },
  {
    name: 'the default endpoint of gRPC',
    user: { ...noCommon, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  },
  {
    name: 'protocols of the signals only',
    user: {
      OTEL_EXPORTER_OTLP_PROTOCOL: undefined,
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    },
  },
  {
    name: 'logs over gRPC, metrics over HTTP',
    user: {
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:4317',
    },
  },
  {
    name: 'a dead endpoint of traces that are not sent',
    user: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${dead}/v1/traces` },
  },
  {
    name: 'traces without the switch of the beta, which are not sent',
    user: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${dead}/v1/traces` },
  },
  { name: 'a proxy, and JSON', shell: { http_proxy: dead, HTTP_PROXY: dead, grpc_proxy: dead } },
  {
    name: 'a proxy in upper case, and gRPC',
    user: grpc,
    shell: { HTTP_PROXY: dead, HTTPS_PROXY: dead },
  },
  {
    name: 'a proxy from which the address is taken out',
    user: grpc,
    shell: { http_proxy: dead, no_proxy: 'localhost,127.0.0.1' },
  },
  {
    name: 'a proxy from which the range is taken out',
    user: grpc,
    shell: { http_proxy: dead, no_proxy: '127.0.0.0/8' },
  },
  {
    name: 'a proxy with an exemption of gRPC alone',
    user: grpc,
    shell: { https_proxy: dead, no_grpc_proxy: '127.0.0.1', no_proxy: 'elsewhere' },
  },
  {
    name: 'a proxy of a scheme that is not supported',
    user: grpc,
    shell: { http_proxy: 'socks5://127.0.0.1:9' },
  },
  {
    name: 'a proxy that leads to the bridge',
    user: grpc,
    shell: { grpc_proxy: 'http://proxy:3128' },
    world: { proxies: ['http://proxy:3128'] },
  },
  {
    name: 'the console beside OTLP',
    user: { OTEL_LOGS_EXPORTER: 'console,otlp', OTEL_METRICS_EXPORTER: 'otlp, prometheus' },
  },
  { name: 'switched on by a word', user: { CLAUDE_CODE_ENABLE_TELEMETRY: 'true' } },
  {
    name: 'cumulative metrics',
    user: { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative' },
  },
  {
    name: 'resource attributes',
    user: { OTEL_RESOURCE_ATTRIBUTES: 'team=core,project=pay%20roll' },
  },
  { name: 'resource attributes of a project', project: { OTEL_RESOURCE_ATTRIBUTES: 'team=core' } },
  {
    name: 'a container that reaches the host by name, with the key',
    world: { ...locked, aliases: ['host.docker.internal'], surroundings: 'container' },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host.docker.internal:4318' },
  },
  {
    name: 'the same over gRPC',
    world: { ...locked, aliases: ['host.docker.internal'], surroundings: 'container' },
    user: { ...grpc, ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host.docker.internal:4317' },
  },
  { name: 'a bridge in the same container', world: { surroundings: 'container' } },
  { name: 'a bridge in WSL', world: { surroundings: 'wsl' } },
]

const broken: readonly SetUp[] = [
  // From here to the next comment: 2.1.329 was seen to send nothing, or not there.
  ...['OTLP', 'otlp,foo', 'prometheus', 'otlp;console'].map((value) => ({
    name: `logs that are exported by ${JSON.stringify(value)}, for which no signal is`,
    user: { OTEL_LOGS_EXPORTER: value },
    fails: [
      /no signal is sent/,
      ...(value === 'otlp,foo' ? [] : ['telemetry.logs']),
      'telemetry.exporters',
    ] as const,
  })),
  {
    name: 'an unknown exporter of metrics, for which no signal is sent',
    user: { OTEL_METRICS_EXPORTER: 'otlp,foo' },
    fails: [/OTEL_METRICS_EXPORTER is "otlp,foo".*no signal is sent/, 'telemetry.exporters'],
  },
  {
    name: 'an unknown exporter of traces, for which no signal is sent',
    user: { ...traces, OTEL_TRACES_EXPORTER: 'jaeger' },
    fails: [/OTEL_TRACES_EXPORTER/, 'telemetry.exporters'],
  },
  {
    name: 'neither a protocol nor an endpoint',
    user: { ...noCommon, OTEL_EXPORTER_OTLP_PROTOCOL: undefined },
    fails: [/neither .* nothing is sent/, 'telemetry.protocol'],
  },
  {
    name: 'neither of metrics',
    user: {
      ...noCommon,
      OTEL_EXPORTER_OTLP_PROTOCOL: undefined,
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
    },
    fails: [/neither/, 'telemetry.protocol'],
  },
  ...['0', '-1'].map((value) => ({
    name: `metrics every ${value} ms, for which no signal is sent`,
    user: { OTEL_METRIC_EXPORT_INTERVAL: value },
    fails: [/no signal is sent/, 'telemetry.interval'] as const,
  })),
  {
    name: 'an address of IPv6 over HTTP',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4318' },
    fails: [/cannot post to an IPv6 address.*localhost/s, 'telemetry.endpoint'],
  },
  {
    name: 'the same for logs alone',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://[::1]:4318/v1/logs' },
    fails: [/IPv6/, 'telemetry.logs-endpoint'],
  },
  {
    name: 'an endpoint that begins with a host, which is read as a scheme',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    fails: [/is not a URL: nothing is sent/, 'telemetry.endpoint'],
  },
  ...['127.0.0.1:4317', 'HTTP://127.0.0.1:4317', 'grpc://127.0.0.1:4317'].map((value) => ({
    name: `gRPC to ${value}, which is tried with TLS`,
    user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: value },
    fails: [/does not speak gRPC/, 'bridge.grpc'] as const,
  })),
  {
    name: 'a header whose name cannot be sent',
    user: { OTEL_EXPORTER_OTLP_HEADERS: 'X-Team=core,Authorization: Bearer a=b' },
    fails: [/not written as Name=value.*nothing is/, 'telemetry.headers'],
  },
  {
    name: 'quotes around all headers',
    user: { OTEL_EXPORTER_OTLP_HEADERS: '"X-Team=core"' },
    fails: [/the header .*cannot be sent/, 'telemetry.headers'],
  },
  {
    name: 'over gRPC a value that cannot be sent',
    user: { ...grpc, OTEL_EXPORTER_OTLP_HEADERS: 'X-Team=z%C3%BCrich' },
    fails: [/the header "x-team".*cannot be sent/, 'telemetry.headers'],
  },
  {
    name: 'over gRPC a key behind a semicolon, which is cut off',
    world: locked,
    user: { ...grpc, OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer;${KEY}` },
    fails: [/does not accept the key/, 'bridge.key'],
  },
  ...(['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const).map((name) => ({
    name: `another machine over HTTP through a dead ${name}`,
    world: { ...locked, aliases: ['vm'] },
    shell: { [name]: dead, NO_PROXY: 'localhost,127.0.0.1,m,vm:80,*.vm' },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
    fails: [
      new RegExp(`HTTP to vm:4318 .*${name} in the shell.*no_proxy`, 's'),
      'bridge.proxy',
    ] as const,
  })),
  {
    name: 'the default that holds for what is no address',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'foo' },
    fails: [/is not a URL: the default applies/, 'telemetry.endpoint'],
  },
  ...['a=b=c', 'a=%zz', `a=${'x'.repeat(256)}`].map((value) => ({
    name: `resource attributes that are dropped, ${value.slice(0, 8)}`,
    user: { OTEL_RESOURCE_ATTRIBUTES: `team=core,${value}` },
    warns: ['telemetry.resource'],
  })),
  {
    name: 'logs that go to another endpoint, with traces',
    user: {
      ENABLE_BETA_TRACING_DETAILED: '1',
      BETA_TRACING_ENDPOINT: 'http://127.0.0.1:5318',
    },
    warns: ['telemetry.beta-endpoint'],
  },
  // The others.
  {
    name: 'no key, through a proxy that leads to the bridge',
    user: grpc,
    shell: { grpc_proxy: 'http://proxy:3128' },
    world: { ...locked, proxies: ['http://proxy:3128'] },
    fails: [/none is sent with logs and metrics/, 'bridge.key'],
  },
  {
    name: 'gRPC with TLS, which the bridge does not speak',
    user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:4317' },
    fails: [/does not speak gRPC/, 'bridge.grpc'],
  },
  {
    name: 'no key',
    world: locked,
    fails: [/none is sent with logs and metrics \(401\)/, 'bridge.key'],
  },
  {
    name: 'no key over gRPC',
    world: locked,
    user: grpc,
    fails: [/none is sent with logs and metrics/, 'bridge.key'],
  },
  {
    name: 'a wrong key',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer x' },
    fails: [/does not accept the key/, 'bridge.key'],
  },
  {
    name: 'a key for logs only',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS },
    fails: [/none is sent with metrics/, 'bridge.key'],
  },
  {
    name: 'otelHeadersHelper over gRPC',
    world: locked,
    user: grpc,
    helper: { Authorization: `Bearer ${KEY}` },
    fails: [/does not work over gRPC/, 'bridge.key'],
  },
  {
    name: 'a header with a colon',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization: Bearer ${KEY}` },
    fails: [/not written as Name=value/, 'telemetry.headers', 'bridge.key'],
  },
  {
    name: 'a header in JSON',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `{"Authorization":"Bearer ${KEY}"}` },
    fails: [/not written as Name=value/, 'telemetry.headers', 'bridge.key'],
  },
  {
    name: 'a header in quotes',
    world: locked,
    user: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization="Bearer ${KEY}"` },
    fails: [/does not accept the key/, 'bridge.key'],
    warns: ['telemetry.headers'],
  },
  {
    name: 'a header of logs with a colon',
    world: locked,
    user: {
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: `Authorization: Bearer ${KEY}`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: key.OTEL_EXPORTER_OTLP_HEADERS,
    },
    fails: [/OTEL_EXPORTER_OTLP_LOGS_HEADERS/, 'telemetry.headers', 'bridge.key'],
  },
  {
    name: 'an endpoint of logs without a path',
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: base },
    fails: [/used as is.*4318\/v1\/logs/s, 'telemetry.logs-endpoint'],
  },
  {
    name: 'one of metrics with a slash only',
    user: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${base}/` },
    fails: [/metrics are posted to \//, 'telemetry.metrics-endpoint'],
  },
  {
    name: 'one of traces with the path of logs',
    user: { ...traces, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${base}/v1/logs` },
    fails: [/traces are posted to \/v1\/logs/, 'telemetry.traces-endpoint'],
  },
  {
    name: 'the same in protobuf, which nobody would notice',
    user: {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/v1/metrics`,
    },
    fails: [/logs are posted to \/v1\/metrics/, 'telemetry.logs-endpoint'],
  },
  {
    name: 'a dead endpoint of logs',
    shell: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${dead}/v1/logs` },
    fails: [
      /OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is .* in the shell.*no bridge is there/,
      'telemetry.logs-endpoint',
    ],
  },
  {
    name: 'a dead endpoint of traces',
    user: { ...traces, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${dead}/v1/traces` },
    fails: [/no bridge is there/, 'telemetry.traces-endpoint'],
  },
  {
    name: 'logs that go to another collector',
    world: { hasCollector: true },
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:5318/v1/logs' },
    warns: ['telemetry.logs-endpoint'],
  },
  {
    name: 'a dead endpoint',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: dead },
    fails: [/nothing answers.*The bridge runs at/s, 'bridge.running'],
  },
  {
    name: 'an endpoint with TLS',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:4318' },
    fails: [/nothing answers at https/, 'bridge.running'],
  },
  {
    name: 'an endpoint without a scheme, beside which the default holds',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318' },
    warns: ['telemetry.endpoint'],
  },
  {
    name: 'a protocol that there is not',
    user: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
    fails: [/is not a protocol/, 'telemetry.protocol'],
  },
  {
    name: 'one of logs',
    user: { OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'json' },
    fails: [/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is "json"/, 'telemetry.logs-protocol'],
  },
  {
    name: 'no protocol',
    user: { OTEL_EXPORTER_OTLP_PROTOCOL: undefined },
    warns: ['telemetry.protocol'],
  },
  {
    name: 'HTTP to the port of gRPC',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' },
    fails: [/HTTP is sent to port 4317/, 'bridge.port'],
  },
  {
    name: 'gRPC to the port of HTTP',
    user: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    fails: [/gRPC is sent to port 4318/, 'bridge.port'],
  },
  {
    name: 'gRPC that is switched off',
    world: { grpcPort: undefined },
    user: { ...grpc, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4000' },
    fails: [/nothing accepts gRPC at 127\.0\.0\.1:4000/, 'bridge.grpc'],
  },
  {
    name: 'gRPC through a dead http_proxy',
    user: grpc,
    shell: { http_proxy: dead },
    fails: [/proxy http:\/\/127\.0\.0\.1:9 \(http_proxy in the shell\)/, 'bridge.proxy'],
  },
  {
    name: 'through a dead grpc_proxy of the settings',
    user: { ...grpc, grpc_proxy: dead },
    fails: [/grpc_proxy in settings/, 'bridge.proxy'],
  },
  {
    name: 'through a proxy from which another host is taken out',
    user: grpc,
    shell: { https_proxy: dead, no_proxy: 'localhost' },
    fails: [/https_proxy/, 'bridge.proxy'],
  },
  {
    name: 'through a proxy, in spite of a star',
    user: grpc,
    shell: { http_proxy: dead, no_proxy: '*' },
    fails: [/no_proxy/, 'bridge.proxy'],
  },
  {
    name: 'through a proxy with a password, which is not told',
    user: grpc,
    shell: { http_proxy: 'http://me:pass@127.0.0.1:9' },
    fails: [/proxy http:\/\/127\.0\.0\.1:9 /, 'bridge.proxy'],
  },
  {
    name: 'traces through a dead proxy',
    user: {
      ...traces,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4317',
    },
    shell: { grpc_proxy: dead },
    fails: [/grpc_proxy/, 'bridge.proxy'],
  },
  {
    name: 'another name of the machine, without a key on either side',
    world: { aliases: ['vm'] },
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
    fails: [/refuses requests for the name "vm" \(403\)/, 'bridge.host'],
  },
  {
    name: 'another name, with a key that the bridge has not',
    world: { aliases: ['vm'] },
    user: { ...key, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
    fails: [/\(403\)/, 'bridge.host'],
  },
  {
    name: 'another name, and the bridge asks for a key',
    world: { ...locked, aliases: ['vm'] },
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vm:4318' },
    fails: [/none is sent with logs and metrics \(401\)/, 'bridge.key'],
  },
  {
    name: 'another name for logs alone',
    world: { aliases: ['vm'] },
    user: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://vm:4318/v1/logs' },
    fails: [/the name "vm" \(403\)/, 'bridge.host'],
  },
  {
    name: 'a name that is not known',
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host.docker.internal:4318' },
    fails: [/ENOTFOUND.*add-host=host\.docker\.internal/s, 'bridge.running'],
  },
  {
    name: 'localhost in a container',
    world: { surroundings: 'container', aliases: [] },
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: dead },
    fails: [/localhost is the container itself/, 'bridge.running'],
  },
  {
    name: 'localhost in WSL',
    world: { surroundings: 'wsl' },
    user: { OTEL_EXPORTER_OTLP_ENDPOINT: dead },
    fails: [/networkingMode=mirrored/, 'bridge.running'],
  },
  {
    name: 'resource attributes with a semicolon',
    user: { OTEL_RESOURCE_ATTRIBUTES: 'team=core;project=x' },
    warns: ['telemetry.resource'],
  },
  {
    name: 'with quotes',
    user: { OTEL_RESOURCE_ATTRIBUTES: 'team="core"' },
    warns: ['telemetry.resource'],
  },
  {
    name: 'without a value',
    user: { OTEL_RESOURCE_ATTRIBUTES: 'core,project=x' },
    warns: ['telemetry.resource'],
  },
  {
    name: 'those of a project, with a semicolon',
    user: { OTEL_RESOURCE_ATTRIBUTES: 'a=b' },
    project: { OTEL_RESOURCE_ATTRIBUTES: 'a=b;c=d' },
    warns: ['telemetry.resource'],
  },
  {
    name: 'a temporality that there is not',
    user: { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'sum' },
    warns: ['telemetry.temporality'],
  },
  { name: 'no metrics', user: { OTEL_METRICS_EXPORTER: undefined }, warns: ['telemetry.metrics'] },
  {
    name: 'no events',
    user: { OTEL_LOGS_EXPORTER: 'console' },
    fails: [/no events are sent/, 'telemetry.logs'],
  },
  {
    name: 'switched off',
    user: { CLAUDE_CODE_ENABLE_TELEMETRY: '0' },
    fails: [/is "0" in settings/, 'telemetry.enabled'],
  },
]

async function examined(setUp: SetUp): Promise<readonly Finding[]> {
  const { world = {}, shell = {}, user = {}, project = {}, managed = {}, helper = {} } = setUp
  const grpcPort = 'grpcPort' in world ? world.grpcPort : 4317
  const environment = claudeEnvironment([
    { name: 'the shell', variables: shell },
    { name: 'settings', variables: { ...usual, ...user } },
    { name: 'the project', variables: project },
    { name: 'managed', variables: managed },
  ])
  const receiver = {
    host: '127.0.0.1',
    port: 4318,
    ...(grpcPort !== undefined && { grpcPort }),
    maxRequestBytes: 1,
    maxInFlightBytes: 1,
    ...(world.apiKey !== undefined && { apiKey: world.apiKey }),
  }
  const { findings } = await examineBridge(bridgeTarget(environment, receiver, helper), receiver, {
    ownVersion: '1',
    probe: network({ ...world, grpcPort }),
    now: () => NOW,
    plans: signalPlans(environment, helper),
    hasHelper: setUp.helper !== undefined,
    surroundings: world.surroundings ?? 'machine',
  })
  return [...telemetryFindings(environment), ...findings]
}

const idsOf = (findings: readonly Finding[], status: Finding['status']) =>
  findings.filter((finding) => finding.status === status).map(({ id }) => id)

test('there are enough of them', () => {
  expect(working.length + broken.length).toBeGreaterThanOrEqual(60)
})

describe('no alarm where everything arrives', () => {
  test.each(working)('$name', async (setUp) => {
    const findings = await examined(setUp)
    expect(findings.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([])
    expect(idsOf(findings, 'ok')).toContain('bridge.key')
  })
})

describe('what is broken is named', () => {
  test.each(broken)('$name', async (setUp) => {
    const findings = await examined(setUp)
    const [says, ...ids] = setUp.fails ?? [/^$/]
    const failed = findings.filter(({ status }) => status === 'fail')
    expect(failed.map(({ id }) => id)).toEqual(ids)
    expect(failed.map(({ what, todo }) => `${what}\n${todo ?? ''}`).join('\n')).toMatch(says)
    expect(idsOf(findings, 'warn')).toEqual(setUp.warns ?? [])
    expect(JSON.stringify(findings)).not.toContain('pass@')
  })
})
