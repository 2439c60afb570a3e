/**
 * The project's `.env`. Values once there are never changed: only missing ones are added, in one
 * step, and nobody but its owner may read the file.
 */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { parse } from 'dotenv'

const OWNER_ONLY = 0o600

const HEADER = `# Settings of the bridge and secrets of its Langfuse, for this machine only.
# What may stand here is in .env.example and in the README.
`

export type Settings = Readonly<Partial<Record<string, string>>>

/** What the file sets; empty values count as not set, as they do for the bridge. */
export function readEnvFile(path: string): Settings {
  return withoutEmpty(parsed(path))
}

/**
 * What the bridge will see: the environment, even where it is empty, goes before the file, and that
 * before the one of the user (`src/config/env-file.ts`).
 */
export function effectiveSettings(path: string): Settings {
  return withoutEmpty({ ...parsed(userEnvFile()), ...parsed(path), ...process.env })
}

function userEnvFile(): string {
  const given = process.env.XDG_CONFIG_HOME ?? ''
  const configHome = isAbsolute(given) ? given : join(homedir(), '.config')
  return join(configHome, 'claude-telemetry/.env')
}

function parsed(path: string): Readonly<Record<string, string>> {
  if (!existsSync(path)) return {}
  try {
    return parse(readFileSync(path))
  } catch (error) {
    console.error(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
    process.exit(1)
  }
}

/** Addresses that mean "all of them", and the one of those to call. */
const CALLABLE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Where the bridge listens: as a socket takes it, and as a client writes it in a URL. */
export function bridgeHost({ OTLP_RECEIVER_HOST: given = '127.0.0.1' }: Settings) {
  const bare = given.replace(/^\[|\]$/g, '')
  const callable = CALLABLE[bare] ?? bare
  return { bare, shown: callable.includes(':') ? `[${callable}]` : callable }
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Settings {
  const given: Record<string, string> = {}
  for (const [name, value = ''] of Object.entries(values)) {
    if (value.trim() !== '') given[name] = value.trim()
  }
  return given
}

/** Adds those of `wanted` the file does not set, under `title`. Returns the names added. */
export function addToEnvFile(path: string, title: string, wanted: Settings): string[] {
  const present = readEnvFile(path)
  const missing = Object.entries(wanted).filter(([name]) => present[name] === undefined)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : HEADER
  const lines = missing.map(([name, value]) => `${name}=${value}\n`)
  const section = lines.length === 0 ? '' : `\n# ${title}\n${lines.join('')}`
  write(path, before.endsWith('\n') || before === '' ? before + section : `${before}\n${section}`)
  return missing.map(([name]) => name)
}

/** Beside the file and then in its place, so that a crash leaves the old one or the new one. */
function write(path: string, text: string): void {
  const target = existsSync(path) ? realpathSync(path) : path
  const draft = `${target}.${process.pid}.tmp`
  writeFileSync(draft, text, { mode: OWNER_ONLY })
  chmodSync(draft, OWNER_ONLY)
  renameSync(draft, target)
}
