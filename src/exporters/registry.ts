/** Every exporter there is. To add one: a folder, and a line here. */
import type { Config } from '../config/config.ts'
import type { Destination, RoutesFile } from '../config/routes-file.ts'
import type { OutboxReader } from '../domain/outbox.ts'
import type { Routes } from '../domain/routing.ts'
import type { Exporter, ExporterContext, ExporterDefinition } from './exporter.ts'
import { forward } from './forward/forward-exporter.ts'
import { langfuse } from './langfuse/definition.ts'
import { otlp } from './otlp/otlp-exporter.ts'

export const exporterDefinitions: readonly ExporterDefinition[] = [langfuse, otlp, forward]

/** One that items are kept for, with what sends them, if it is configured. */
export interface ConfiguredExporter {
  readonly definition: ExporterDefinition
  readonly exporter: Exporter | undefined
}

/** Those of a configuration that items are kept for. */
export function configuredExporters(
  config: Config,
  context: ExporterContext,
  definitions = exporterDefinitions,
): readonly ConfiguredExporter[] {
  return definitions.flatMap((definition) => {
    const exporter = definition.create(config, context)
    return exporter === undefined && !definition.isAwaited ? [] : [{ definition, exporter }]
  })
}

/** Those of the routes: exporters of the same kinds, each under a name of its own. */
export function namedExporters(
  destinations: readonly Destination[],
  config: Config,
  context: ExporterContext,
  definitions = exporterDefinitions,
): readonly ConfiguredExporter[] {
  return destinations.flatMap(({ name, exporter: kind, ...settings }) => {
    const base = definitions.find((definition) => definition.name === kind)
    if (base === undefined) return []
    const label = `${base.label} (${name.slice(kind.length + 1)})`
    const exporter = base.create({ ...config, ...settings }, context)
    return [
      {
        definition: { ...base, name, label },
        exporter: exporter && { ...exporter, name, label },
      },
    ]
  })
}

/** What decides where a session goes; what fits no rule goes to the exporters of the settings. */
export function routesOf(
  { rules, fallback }: RoutesFile,
  configured: readonly ConfiguredExporter[],
): Routes {
  return { rules, fallback: fallback ?? configured.map(({ definition: { name } }) => name) }
}

/** The same, as the store knows them. */
export function outboxReaders(configured: readonly ConfiguredExporter[]): readonly OutboxReader[] {
  return configured.map(({ definition: { name, kinds }, exporter }) => ({
    exporter: name,
    kinds,
    isActive: exporter !== undefined,
  }))
}
