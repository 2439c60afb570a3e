/** Another collector: what came in, whatever the bridge makes of it itself. */
import type { OutgoingItem } from '../../domain/outbox.ts'
import { recordsRequestJson } from '../../otlp/encode-records.ts'
import { requestProto } from '../../otlp/request-items.ts'
import type { EncodedItem, Exporter, ExporterDefinition, Lane } from '../exporter.ts'
import { createOtlpClient, type OtlpClient, type OtlpSignal } from '../otlp/otlp-client.ts'

const MAX_BODY_BYTES = 4_000_000
const MAX_CONCURRENT = 4

export interface ForwardExporterDeps {
  /** A request goes in the encoding in which it came. */
  readonly clients: Readonly<Record<'json' | 'protobuf', OtlpClient>>
  readonly address: string
  /** Whom a Retry-After is for, besides the address. */
  readonly credentials: string
}

/** One request. */
interface EncodedRequest extends EncodedItem {
  readonly signal: OtlpSignal
  readonly encoding: 'json' | 'protobuf'
  /** Log records, metrics or spans in it. */
  readonly items: number
}

export function createForwardExporter(deps: ForwardExporterDeps): Exporter {
  const { clients, address, credentials } = deps

  const records: Lane = {
    kind: 'records',
    // An item is a request by itself.
    maxItems: 1,
    maxBytes: MAX_BODY_BYTES,
    maxConcurrent: MAX_CONCURRENT,
    encode: encodedRequest,
    send: async ([request]: readonly EncodedRequest[], stop) => {
      if (request === undefined) throw new Error('there is nothing to send')
      const { signal, encoding, body, items } = request
      return clients[encoding].send(signal, body, items, stop)
    },
  }

  return {
    name: 'forward',
    label: 'Forward',
    address,
    account: `${address} ${credentials}`,
    lanes: [records],
    probe: (stop) => clients.protobuf.probe('logs', stop),
  }
}

const SIGNALS = { log: 'logs', metric: 'metrics', trace: 'traces' } as const

function encodedRequest(item: OutgoingItem): EncodedRequest {
  if (item.kind !== 'records') throw new Error(`a ${item.kind} is no record`)
  if (!('request' in item)) {
    const body = recordsRequestJson(item)
    const { length: items } = item.records
    const signal = SIGNALS[item.signal]
    return { body, bytes: Buffer.byteLength(body), signal, encoding: 'json', items }
  }
  const { signal, encoding, items, request } = item
  const body = encoding === 'json' ? JSON.stringify(request) : requestProto(request, signal)
  return { body, bytes: Buffer.byteLength(body), signal, encoding, items }
}

/** Off unless `FORWARD_OTLP_ENDPOINT` is set. */
export const forward: ExporterDefinition = {
  name: 'forward',
  label: 'Forward',
  addressSettings: ['FORWARD_OTLP_ENDPOINT'],
  kinds: ['records'],
  isAwaited: false,
  create: ({ forwardOtlp }, { now }) => {
    if (forwardOtlp === undefined) return undefined
    const options = { ...forwardOtlp, setting: 'FORWARD_OTLP_ENDPOINT', now }
    return createForwardExporter({
      clients: {
        json: createOtlpClient({ ...options, protocol: 'http/json' }),
        protobuf: createOtlpClient({ ...options, protocol: 'http/protobuf' }),
      },
      address: forwardOtlp.endpoint,
      credentials: JSON.stringify(forwardOtlp.headers),
    })
  },
}
