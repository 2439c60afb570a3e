/** Another collector: what came in, whatever the bridge makes of it itself. */
import { recordsRequestJson } from '../../otlp/encode-records.ts'
import type { Exporter, ExporterDefinition, Lane } from '../exporter.ts'
import { createOtlpClient, type OtlpClient, type OtlpSignal } from '../otlp/otlp-client.ts'

const MAX_BODY_BYTES = 4_000_000
const MAX_CONCURRENT = 4

export interface ForwardExporterDeps {
  readonly client: OtlpClient
  readonly address: string
  /** Whom a Retry-After is for, besides the address. */
  readonly credentials: string
}

const SIGNALS = {
  resourceLogs: 'logs',
  resourceMetrics: 'metrics',
  resourceSpans: 'traces',
} as const satisfies Record<string, OtlpSignal>

export function createForwardExporter(deps: ForwardExporterDeps): Exporter {
  const { client, address, credentials } = deps

  // An item is what one request brought of one session: it goes as one request again.
  const records: Lane = {
    kind: 'records',
    maxItems: 1,
    maxBytes: MAX_BODY_BYTES,
    maxConcurrent: MAX_CONCURRENT,
    encode: (item) => {
      if (item.kind !== 'records') throw new Error(`a ${item.kind} is no record`)
      const body = recordsRequestJson(item)
      return { body, bytes: Buffer.byteLength(body) }
    },
    send: async ([item], stop) => {
      const body = String(item?.body)
      return client.send(signalOf(body), body, 1, stop)
    },
  }

  return {
    name: 'forward',
    label: 'Forward',
    address,
    account: `${address} ${credentials}`,
    lanes: [records],
    probe: (stop) => client.probe('logs', stop),
  }
}

/** By the first member of the body, which `recordsRequestJson` wrote. */
function signalOf(body: string): OtlpSignal {
  const found = Object.entries(SIGNALS).find(([member]) => body.startsWith(`{"${member}"`))
  if (found === undefined) throw new Error('the request has no signal')
  return found[1]
}

/** Off unless `FORWARD_OTLP_ENDPOINT` is set. */
export const forward: ExporterDefinition = {
  name: 'forward',
  label: 'Forward',
  addressSettings: ['FORWARD_OTLP_ENDPOINT'],
  kinds: ['records'],
  isAwaited: false,
  create: ({ forwardOtlp }, { now }) =>
    forwardOtlp &&
    createForwardExporter({
      client: createOtlpClient({ ...forwardOtlp, setting: 'FORWARD_OTLP_ENDPOINT', now }),
      address: forwardOtlp.endpoint,
      credentials: JSON.stringify(forwardOtlp.headers),
    }),
}
