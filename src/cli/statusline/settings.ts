/**
 * The few settings that a status line needs, from where every command takes them: the environment,
 * over the clone's `.env`, over the user's. It has no time to load the schema of all settings, nor the
 * package that reads such files elsewhere. What cannot be read counts as not set: a status line is no
 * place for an error.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { configDirOf, type Platform } from '../../config/folders.ts'
import { httpAddress } from '../../setup/http-address.ts'

export interface StatusLineSettings {
  /** Of the bridge, without a trailing slash. */
  readonly address: string
  readonly apiKey: string | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

interface Layer {
  readonly variables: Variables
  /** Where relative paths in it begin. */
  readonly folder: string
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 4318

export function statusLineSettings(environment: Variables, platform: Platform): StatusLineSettings {
  const files = [platform.cloneDir, configDirOf(environment, platform)].flatMap((folder) =>
    folder === undefined ? [] : [envFile(folder)],
  )
  const layers = [{ variables: environment, folder: platform.workingDir }, ...files]
  const settingOf = (name: string): string | undefined => {
    const layer = layers.find(({ variables }) => variables[name] !== undefined)
    return textIn(layer?.variables[name])
  }
  const apiKey = settingOf('API_KEY') ?? secretOf(layers)
  return {
    address: addressOf(settingOf('OTLP_RECEIVER_HOST'), settingOf('OTLP_RECEIVER_PORT')),
    apiKey,
  }
}

function addressOf(host: string | undefined, portText: string | undefined): string {
  const told = Number(portText ?? DEFAULT_PORT)
  const port = Number.isInteger(told) && told >= 1 && told <= 65_535 ? told : DEFAULT_PORT
  const address = httpAddress(host ?? DEFAULT_HOST, port)
  return URL.canParse(address) ? address : httpAddress(DEFAULT_HOST, port)
}

function envFile(folder: string): Layer {
  const text = textOf(join(folder, '.env'))
  return { variables: text === undefined ? {} : parseEnv(text), folder }
}

function secretOf(layers: readonly Layer[]): string | undefined {
  const layer = layers.find(({ variables }) => variables.API_KEY_FILE?.trim())
  const path = layer?.variables.API_KEY_FILE?.trim()
  if (layer === undefined || path === undefined) return undefined
  return textIn(textOf(resolve(layer.folder, path)))
}

/** Without spaces around it; blank text is none. */
function textIn(value: string | undefined): string | undefined {
  const text = value?.trim()
  return text === '' ? undefined : text
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
