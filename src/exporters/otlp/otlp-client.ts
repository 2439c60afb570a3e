/**
 * One request to an OTLP receiver over HTTP, and what its answer means (OTLP 1.11, facts of the
 * specification). One try a call; every failure is a value, and no text in it holds a header.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { createRedactor, exchange } from '../../http/exchange.ts'
import { isRecord, parseObject } from '../../http/response-json.ts'
import { partialSuccessOf, type PartialSuccess } from '../../otlp/encode-spans.ts'
import type { Exporter, Verdict } from '../exporter.ts'
import { createHttpVerdicts, outcomeOf } from '../http-verdict.ts'

export type OtlpProtocol = 'http/protobuf' | 'http/json'
export type OtlpSignal = 'traces' | 'logs' | 'metrics'

export interface OtlpClientOptions {
  /** Base address, without a trailing slash: `/v1/traces` is put behind it. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: OtlpProtocol
  /** For each exchange. */
  readonly timeoutMs: number
  /** The setting that says where it is. */
  readonly setting: string
  readonly now: () => number
  readonly fetch?: typeof fetch
}

export interface OtlpClient {
  /** Sends the body of one request. `items` is how many are in it. */
  send(
    signal: OtlpSignal,
    body: string | Uint8Array<ArrayBuffer>,
    items: number,
    stop: AbortSignal,
  ): Promise<Verdict>
  /** An empty request succeeds with every receiver. */
  probe(signal: OtlpSignal, stop: AbortSignal): ReturnType<Exporter['probe']>
}

const CONTENT_TYPES = {
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
} as const satisfies Record<OtlpProtocol, string>

/** Not to be sent again, says the specification; 5xx may still be a server that is in trouble. */
const REJECTING = new Set([400, 405, 406, 413, 414, 415, 422, 431, 500, 501, 505])
const DOUBTFUL = new Set([405, 406, 415, 500, 501, 505])
const FIELDS = ['rejectedSpans', 'rejectedLogRecords', 'rejectedDataPoints'] as const

const compress = promisify(gzip)

/** Throws when `endpoint` is no URL. */
export function createOtlpClient(options: OtlpClientOptions): OtlpClient {
  const { endpoint, headers, protocol, timeoutMs, setting, now } = options
  const { origin, pathname } = new URL(endpoint)
  const base = `${origin}${pathname.replace(/\/+$/, '')}`
  const redact = createRedactor(Object.values(headers))
  const isProtobuf = protocol === 'http/protobuf'

  function verdictsFor(items: number) {
    return createHttpVerdicts({
      server: 'an OTLP receiver',
      setting,
      rejecting: REJECTING,
      doubtful: DOUBTFUL,
      parse: isProtobuf ? parseProtobuf : parseJson,
      reported: (_status, body) => partialVerdict(body as unknown as PartialSuccess, items),
    })
  }

  async function exchanged(
    signal: OtlpSignal,
    body: string | Uint8Array<ArrayBuffer>,
    stop: AbortSignal,
  ) {
    const received = await exchange(
      `${base}/v1/${signal}`,
      {
        method: 'POST',
        body: await compress(body),
        headers: {
          ...headers,
          'content-type': CONTENT_TYPES[protocol],
          'content-encoding': 'gzip',
        },
      },
      {
        name: base,
        timeoutMs,
        redact,
        stop,
        fetch: options.fetch,
        encoding: isProtobuf ? 'latin1' : 'utf8',
      },
    )
    return outcomeOf(received)
  }

  return {
    send: async (signal, body, items, stop) => {
      const outcome = await exchanged(signal, body, stop)
      if (outcome.kind === 'no_answer' && stop.aborted) return { kind: 'stopped' }
      return verdictsFor(items).verdictOf(outcome, now())
    },
    probe: async (signal, stop) => {
      const outcome = await exchanged(signal, isProtobuf ? new Uint8Array(0) : '{}', stop)
      if (outcome.kind === 'no_answer' && stop.aborted) return { kind: 'stopped' }
      return verdictsFor(0).probeVerdictOf(outcome, now())
    },
  }
}

/** The receiver does not say which: what it kept must not be sent again. */
export function partialVerdict(
  { rejected, message }: PartialSuccess,
  items: number,
): Verdict | undefined {
  if (!(rejected > 0)) return undefined
  const reason = `rejected ${rejected} of ${items}: ${message.slice(0, 300)}`
  if (rejected < items) return { kind: 'partial', rejected, reason }
  return { kind: 'rejected', reason, items: Array.from({ length: items }, (_, index) => index) }
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  const body = parseObject(text)
  if (body === undefined) return undefined
  const partial = isRecord(body.partialSuccess) ? body.partialSuccess : {}
  const counts = FIELDS.map((field) => Number(partial[field] ?? 0))
  const message = partial.errorMessage
  return {
    rejected: Math.max(...counts),
    message: typeof message === 'string' ? message : '',
  }
}

/** Some receivers answer in JSON whatever they were sent. */
function parseProtobuf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return { ...partialSuccessOf(Buffer.from(text, 'latin1')) }
  } catch {
    return parseJson(text)
  }
}
