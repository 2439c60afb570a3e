/**
 * Where a command is about to write or send, and which setting says so: told before it happens.
 */
import type { Config } from '../config/config.ts'
import type { VariableName } from '../config/schema.ts'
import { ENVIRONMENT, type Settings } from '../config/settings.ts'
import type { ExporterDefinition } from '../exporters/exporter.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { localAddress } from '../setup/bridge-address.ts'
import { placeName, type StorePlace } from '../storage/store-place.ts'
import type { CliContext } from './context.ts'
import { styled, type Terminal } from './terminal.ts'

export interface Destination {
  /** A word or two. */
  readonly what: string
  readonly where: string
  /** What made it so: a setting and where that stands, an option, or `default`. */
  readonly from: string
}

const WIDTH = 'Langfuse'.length

/** Writes a line for each: to standard output, unless that carries data. */
export function nameDestinations(terminal: Terminal, destinations: readonly Destination[]): void {
  terminal.print(
    destinations.map(({ what, where, from }) => [
      `${what.padEnd(WIDTH)}  ${withoutUrlPasswords(where)}  `,
      styled('gray', `(${from})`),
    ]),
  )
}

/** A file that `install` has a part in. */
export function fileDestination(
  {
    kind,
    path,
  }: { readonly kind: 'settings' | 'shell' | 'service' | 'agent'; readonly path: string },
  { shellVariables }: CliContext,
): Destination {
  const what = { settings: 'Settings', shell: 'Shell', service: 'Service', agent: 'Settings' }[kind]
  const isMoved = kind === 'settings' && (shellVariables.CLAUDE_CONFIG_DIR ?? '') !== ''
  return { what, where: path, from: isMoved ? `CLAUDE_CONFIG_DIR in ${ENVIRONMENT}` : 'default' }
}

export function dataDestination(place: StorePlace, context: CliContext): Destination {
  const setting = place.database === undefined ? 'DATA_DIR' : 'DATABASE_URL'
  return { what: 'Data', where: placeName(place), from: originOf(context, setting) }
}

export function bridgeDestination({ receiver }: Config, context: CliContext): Destination {
  const where = localAddress(receiver, receiver.port)
  return {
    what: 'Bridge',
    where,
    from: originOf(context, 'OTLP_RECEIVER_HOST', 'OTLP_RECEIVER_PORT'),
  }
}

/** The options are those of a command that can be sent elsewhere. */
export function langfuseDestination(
  baseUrl: string,
  context: CliContext,
  { host, secretKey }: { readonly host?: string; readonly secretKey?: string } = {},
): Destination {
  const address =
    host === undefined ? originOf(context, 'LANGFUSE_HOST', 'LANGFUSE_BASE_URL') : '--host'
  const keys = secretKey === undefined ? originOf(context, 'LANGFUSE_SECRET_KEY') : '--secret-key'
  return { what: 'Langfuse', where: baseUrl, from: `${address}; keys: ${keys}` }
}

/** Of an exporter other than Langfuse. */
export function exporterDestination(
  { label, addressSettings }: ExporterDefinition,
  address: string,
  context: CliContext,
): Destination {
  return { what: label, where: address, from: originOf(context, ...addressSettings) }
}

/** Which of these settings are set, and where. */
export function originOf(context: CliContext, ...names: readonly VariableName[]): string {
  const settings = context.settings()
  return settings.ok ? originText(settings.value, names) : 'unknown'
}

/** The same for the log of the bridge, whose lines are data. */
export function originsOf(settings: Settings): Readonly<Record<string, string>> {
  const hasKeys = settings.originOf('LANGFUSE_SECRET_KEY') !== undefined
  return {
    dataDir: originText(settings, ['DATA_DIR']),
    ...(hasKeys && {
      langfuse: originText(settings, ['LANGFUSE_HOST', 'LANGFUSE_BASE_URL']),
      langfuseKeys: originText(settings, ['LANGFUSE_SECRET_KEY']),
    }),
  }
}

function originText(settings: Settings, names: readonly VariableName[]): string {
  const set = names.flatMap((name) => {
    const origin = settings.originOf(name)
    return origin === undefined ? [] : [`${name} in ${origin}`]
  })
  return set.length === 0 ? 'default' : set.join(', ')
}
