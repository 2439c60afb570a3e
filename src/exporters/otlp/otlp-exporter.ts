/** Any OTLP receiver: the traces as spans of the GenAI semantic conventions. Scores stay here. */
import {
  type SpanSource,
  spanJson,
  spanProto,
  spansRequestJson,
  spansRequestProto,
} from '../../otlp/encode-spans.ts'
import type { EncodedItem, Exporter, ExporterDefinition, Lane } from '../exporter.ts'
import { genAiSpan } from './gen-ai-span.ts'
import type { OtlpTargetConfig } from '../../config/config.ts'
import { createOtlpGrpcClient } from './grpc-client.ts'
import { createOtlpClient, type OtlpClient, type OtlpProtocol } from './otlp-client.ts'

const PRODUCT_NAME = 'claude-telemetry'
/** Receivers take 4 MiB at least; larger single spans go alone. */
const MAX_BODY_BYTES = 4_000_000
const MAX_SPANS = 200

export interface OtlpExporterDeps {
  readonly client: OtlpClient
  readonly address: string
  /** Whom a Retry-After is for, besides the address. */
  readonly credentials: string
  readonly protocol: OtlpProtocol | 'grpc'
  readonly productVersion: string
}

export function createOtlpExporter(deps: OtlpExporterDeps): Exporter {
  const { client, address, credentials, protocol, productVersion } = deps
  const source: SpanSource = {
    resource: { 'service.name': PRODUCT_NAME, 'service.version': productVersion },
    scopeName: PRODUCT_NAME,
    scopeVersion: productVersion,
  }
  const isProtobuf = protocol !== 'http/json'

  function requestOf(batch: readonly EncodedItem[]): string | Uint8Array<ArrayBuffer> {
    const bodies = batch.map(({ body }) => body)
    if (isProtobuf) {
      return spansRequestProto(
        bodies.filter((body) => typeof body !== 'string'),
        source,
      )
    }
    return spansRequestJson(
      bodies.filter((body) => typeof body === 'string'),
      source,
    )
  }

  const spans: Lane = {
    kind: 'observation',
    maxItems: MAX_SPANS,
    maxBytes: MAX_BODY_BYTES,
    maxConcurrent: 1,
    encode: (emission) => {
      if (emission.kind !== 'observation') throw new Error(`a ${emission.kind} is no span`)
      const span = genAiSpan(emission)
      const body = isProtobuf ? spanProto(span) : spanJson(span)
      return { body, bytes: Buffer.byteLength(body) }
    },
    send: (batch, stop) => client.send('traces', requestOf(batch), batch.length, stop),
  }

  return {
    name: 'otlp',
    label: 'OTLP',
    address,
    account: `${address} ${credentials}`,
    lanes: [spans],
    probe: (stop) => client.probe('traces', stop),
  }
}

function clientOf(target: OtlpTargetConfig, now: () => number): OtlpClient {
  const { protocol } = target
  const options = { ...target, setting: 'EXPORT_OTLP_ENDPOINT' }
  return protocol === 'grpc'
    ? createOtlpGrpcClient(options)
    : createOtlpClient({ ...options, protocol, now })
}

/** Off unless `EXPORT_OTLP_ENDPOINT` is set. */
export const otlp: ExporterDefinition = {
  name: 'otlp',
  label: 'OTLP',
  addressSettings: ['EXPORT_OTLP_ENDPOINT'],
  kinds: ['observation'],
  isAwaited: false,
  create: ({ exportOtlp }, { productVersion, now }) =>
    exportOtlp &&
    createOtlpExporter({
      client: clientOf(exportOtlp, now),
      address: exportOtlp.endpoint,
      credentials: JSON.stringify(exportOtlp.headers),
      protocol: exportOtlp.protocol,
      productVersion,
    }),
}
