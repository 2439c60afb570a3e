import type { ExporterDefinition } from '../exporter.ts'
import { createLangfuseClient } from './client.ts'
import { createLangfuseExporter } from './langfuse-exporter.ts'

/** Configured by its keys. Without them everything waits, and is delivered once there are some. */
export const langfuse: ExporterDefinition = {
  name: 'langfuse',
  label: 'Langfuse',
  addressSettings: ['LANGFUSE_HOST', 'LANGFUSE_BASE_URL'],
  kinds: ['observation', 'score'],
  isAwaited: true,
  create: ({ langfuse: access, tracing }, { productVersion, now }) =>
    access &&
    createLangfuseExporter({
      client: createLangfuseClient({ ...access, productVersion }),
      address: access.baseUrl,
      publicKey: access.publicKey,
      mapping: { ...tracing, productVersion },
      now,
    }),
}
