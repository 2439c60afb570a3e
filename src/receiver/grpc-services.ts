/**
 * The export services of OTLP as the gRPC library wants them defined: one method each, whose
 * messages pass as bytes.
 */
import type { ServiceDefinition } from '@grpc/grpc-js'

export const exportServices = {
  logs: definitionOf('opentelemetry.proto.collector.logs.v1.LogsService'),
  metrics: definitionOf('opentelemetry.proto.collector.metrics.v1.MetricsService'),
  traces: definitionOf('opentelemetry.proto.collector.trace.v1.TraceService'),
} as const

function definitionOf(service: string): ServiceDefinition {
  return {
    Export: {
      path: `/${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes
}
