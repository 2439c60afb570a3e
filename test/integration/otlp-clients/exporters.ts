/** OpenTelemetry's own exporters, by protocol, as Claude Code and others use them. */
import { credentials, Metadata } from '@grpc/grpc-js'
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import { AggregationTemporality, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

export const protocols = ['http/json', 'http/protobuf', 'grpc'] as const
export type Protocol = (typeof protocols)[number]

export interface Exporters {
  readonly logs: LogRecordExporter
  readonly metrics: PushMetricExporter
  readonly traces: SpanExporter
}

export interface Target {
  /** Of OTLP/HTTP, possibly with a base path. */
  readonly url: string
  /** `host:port` of OTLP/gRPC. */
  readonly grpc: string
  readonly apiKey: string
}

/** The exporters of the three signals. */
export function createExporters(protocol: Protocol, gzip: boolean, target: Target): Exporters {
  const compression = gzip ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE
  const temporality = { temporalityPreference: AggregationTemporality.DELTA }
  const authorization = `Bearer ${target.apiKey}`
  if (protocol === 'grpc') {
    const metadata = new Metadata()
    metadata.set('authorization', authorization)
    const url = `http://${target.grpc}`
    const config = { url, compression, metadata, credentials: credentials.createInsecure() }
    return {
      logs: new GrpcLogs(config),
      metrics: new GrpcMetrics({ ...config, ...temporality }),
      traces: new GrpcTraces(config),
    }
  }
  const [Logs, Metrics, Traces] =
    protocol === 'http/json'
      ? [JsonLogs, JsonMetrics, JsonTraces]
      : [ProtobufLogs, ProtobufMetrics, ProtobufTraces]
  const config = (signal: string) => ({
    url: `${target.url}/v1/${signal}`,
    compression,
    headers: { authorization },
  })
  return {
    logs: new Logs(config('logs')),
    metrics: new Metrics({ ...config('metrics'), ...temporality }),
    traces: new Traces(config('traces')),
  }
}
