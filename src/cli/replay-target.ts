/** Where a replay goes: what the options name, else what is configured. */
import { InvalidArgumentError } from 'commander'
import type { Config, LangfuseConfig } from '../config/config.ts'
import { readRoutesFile } from '../config/routes-file.ts'
import { webAddress } from '../config/syntax.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Exporter, ExporterContext, ExporterDefinition } from '../exporters/exporter.ts'
import { isNamedDestination } from '../domain/routing.ts'
import { exporterDefinitions, namedExporters } from '../exporters/registry.ts'
import { failed, type Failure, misused } from './outcome.ts'

export interface TargetOptions {
  /** The name of an exporter; Langfuse unless it is given. */
  readonly to?: string
  readonly publicKey?: string
  readonly secretKey?: string
  readonly host?: string
}

/** Used where no keys of Langfuse are configured at all. */
const DEFAULT_TIMEOUT_MS = 15_000

export interface ReplayTarget {
  readonly definition: ExporterDefinition
  readonly exporter: Exporter
}

/** The exporter, with the address and the keys of the options. */
export function replayTarget(
  config: Config,
  options: TargetOptions,
  context: ExporterContext,
): Result<ReplayTarget, Failure> {
  const { to = 'langfuse' } = options
  if (isNamedDestination(to)) return namedTarget(to, config, options, context)
  const definition = exporterDefinitions.find(({ name }) => name === to)
  if (definition === undefined) {
    return misused(`there is no exporter ${to}`, `Exporters: ${replayable().join(', ')}.`)
  }
  if (!definition.kinds.includes('observation')) {
    return misused(
      `${definition.label} takes no replay: it passes on what comes in, as it came`,
      `Exporters that take one: ${replayable().join(', ')}.`,
    )
  }
  if (to !== 'langfuse') return configuredTarget(definition, config, options, context)
  const project = langfuseTarget(config, options)
  if (!project.ok) return project
  return configuredTarget(definition, { ...config, langfuse: project.value }, {}, context)
}

/** A destination of the routes. */
function namedTarget(
  to: string,
  config: Config,
  { publicKey, secretKey, host }: TargetOptions,
  context: ExporterContext,
): Result<ReplayTarget, Failure> {
  if ((publicKey ?? secretKey ?? host) !== undefined) {
    return misused(`--public-key, --secret-key and --host are for another project than ${to}`)
  }
  const routes = readRoutesFile(config.routesFile)
  if (!routes.ok) return failed(routes.error)
  const named = namedExporters(routes.value?.destinations ?? [], config, context)
  const found = named.find(({ definition: { name } }) => name === to)
  if (found?.exporter === undefined) {
    const names = named.map(({ definition: { name } }) => name)
    const known =
      names.length === 0 ? 'ROUTES_FILE names none' : `ROUTES_FILE has ${names.join(', ')}`
    return misused(`there is no destination ${to}: ${known}`)
  }
  const { definition, exporter } = found
  if (definition.kinds.includes('observation')) return ok({ definition, exporter })
  return misused(`${definition.label} takes no replay: it passes on what comes in, as it came`)
}

/** A replay makes observations and scores; the requests that came in are not made again. */
function replayable(): readonly string[] {
  return exporterDefinitions
    .filter(({ kinds }) => kinds.includes('observation'))
    .map(({ name }) => name)
}

function configuredTarget(
  definition: ExporterDefinition,
  config: Config,
  { publicKey, secretKey, host }: TargetOptions,
  context: ExporterContext,
): Result<ReplayTarget, Failure> {
  const { label, addressSettings } = definition
  if ((publicKey ?? secretKey ?? host) !== undefined) {
    return misused(`--public-key, --secret-key and --host are for Langfuse, not for ${label}`)
  }
  const exporter = definition.create(config, context)
  if (exporter !== undefined) return ok({ definition, exporter })
  return failed(`${label} is not configured`, `Set ${addressSettings.join(' or ')}.`)
}

function langfuseTarget(
  { langfuse }: Pick<Config, 'langfuse'>,
  { publicKey, secretKey, host }: TargetOptions,
): Result<LangfuseConfig, Failure> {
  if ((publicKey === undefined) !== (secretKey === undefined)) {
    return misused('--public-key and --secret-key belong together', 'Give both, or neither.')
  }
  const keys =
    publicKey !== undefined && secretKey !== undefined ? { publicKey, secretKey } : langfuse
  const baseUrl = host ?? langfuse?.baseUrl
  if (keys === undefined || baseUrl === undefined) {
    return failed(
      'Langfuse keys or address are not set',
      'Set LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST, or give --public-key, --secret-key and --host.',
    )
  }
  const timeoutMs = langfuse?.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return ok({ publicKey: keys.publicKey, secretKey: keys.secretKey, baseUrl, timeoutMs })
}

/** Commander's parser of an address. */
export function addressOf(text: string): string {
  const address = webAddress.schema.safeParse(text)
  if (address.success) return address.data
  throw new InvalidArgumentError(`Expected ${webAddress.expected}.`)
}
