/**
 * The settings with where each one comes from. A variable of the environment goes before every
 * file, even when it is empty; of the files, one named earlier goes before those behind it. Pure.
 */
import { dirname, isAbsolute, join } from 'node:path'
import { environmentSchema } from './schema.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** A `.env` file as it was read. */
export interface EnvFile {
  /** Absolute. */
  readonly path: string
  readonly variables: Readonly<Record<string, string>>
  /** Whose value ends at a `#` that hardly begins a comment. */
  readonly cutAtHash?: readonly string[]
}

export interface Settings {
  /** The environment, and what files add to it: settings of this product only. */
  readonly variables: Variables
  readonly environment: Variables
  /** The first one has precedence. */
  readonly files: readonly EnvFile[]
  /** `the environment` or the path of a file; `undefined` for what is not set, or empty. */
  readonly originOf: (name: string) => string | undefined
}

export const ENVIRONMENT = 'the environment'

const names = Object.keys(environmentSchema.shape)

/** `secrets` are those that a layer has from files of their own, by its origin. */
export function settingsOf(
  environment: Variables,
  files: readonly EnvFile[],
  secrets: ReadonlyMap<string, Variables> = new Map(),
): Settings {
  const layers: readonly { readonly origin: string; readonly variables: Variables }[] = [
    { origin: ENVIRONMENT, variables: environment },
    ...files.map((file) => ({ origin: file.path, variables: withAbsolutePaths(file) })),
  ].map(({ origin, variables }) => ({
    origin,
    variables: { ...variables, ...secrets.get(origin) },
  }))
  const layerOf = (name: string) => layers.find(({ variables }) => variables[name] !== undefined)
  const settings = Object.fromEntries(
    names.map((name) => [name, layerOf(name)?.variables[name]] as const),
  )
  return {
    variables: { ...environment, ...settings },
    environment,
    files,
    originOf: (name) => {
      const layer = layerOf(name)
      return isBlank(layer?.variables[name]) ? undefined : layer?.origin
    },
  }
}

export function isBlank(value: string | undefined): boolean {
  return value === undefined || value.trim() === ''
}

/** Settings that are one path. */
const PATHS = [
  'DATA_DIR',
  'PRICES_FILE',
  'ROUTES_FILE',
  'MASK_PATTERNS_FILE',
  'BUDGETS_FILE',
  'ALERT_JSON_TEMPLATE',
  'TLS_CERT_FILE',
  'TLS_KEY_FILE',
  'TLS_CLIENT_CA_FILE',
] as const

/** A path in a file means the same in whatever folder a command is run. */
function withAbsolutePaths({ path, variables }: EnvFile): Variables {
  const absolute: Record<string, string> = {}
  for (const name of PATHS) {
    const given = variables[name]?.trim() ?? ''
    if (given === '' || isAbsolute(given) || given.startsWith('~')) continue
    absolute[name] = join(dirname(path), given)
  }
  return { ...variables, ...absolute }
}
