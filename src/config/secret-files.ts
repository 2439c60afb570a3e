/**
 * Secrets from files of their own, as containers and service managers hand them over: `API_KEY_FILE`
 * names the file that holds `API_KEY`, and so for every secret.
 */
import { readFileSync } from 'node:fs'
import { err, ok, type Result } from '../domain/result.ts'
import { absoluteFolder, type Platform } from './folders.ts'
import { environmentSchema } from './schema.ts'
import { isBlank, type Variables } from './settings.ts'
import { variableNotes } from './variable.ts'

const SUFFIX = '_FILE'

const secretNames = Object.entries(environmentSchema.shape).flatMap(([name, schema]) =>
  variableNotes.get(schema)?.isSecret === true ? [name] : [],
)

/** The variables that name such a file. */
export const SECRET_FILE_NAMES: readonly string[] = secretNames.map((name) => `${name}${SUFFIX}`)

/** One place of settings: the environment, or a file. */
export interface Layer {
  readonly origin: string
  readonly variables: Variables
  /** Where relative paths in it begin. */
  readonly folder: string
}

/**
 * The secrets that each layer takes from files, by its origin; the first layer has precedence, and
 * no file is read for a secret that one before it has set. The error is a sentence for a person.
 */
export function readSecretFiles(
  layers: readonly Layer[],
  platform: Platform,
): Result<ReadonlyMap<string, Variables>, string> {
  const found = new Map<string, Record<string, string>>()
  const settled = new Set<string>()
  for (const { origin, variables, folder } of layers) {
    for (const name of secretNames.filter((each) => !settled.has(each))) {
      const pathName = `${name}${SUFFIX}`
      const given = variables[pathName]?.trim() ?? ''
      if (given !== '') {
        if (!isBlank(variables[name])) {
          return err(`${name} and ${pathName} are both set in ${origin}. Set one of them.`)
        }
        const path = absoluteFolder(given, { ...platform, workingDir: folder })
        const secret = readSecret(path)
        if (!secret.ok) return err(`${path}, ${pathName} in ${origin}, ${secret.error}`)
        found.set(origin, { ...found.get(origin), [name]: secret.value })
      }
      if (given !== '' || variables[name] !== undefined) settled.add(name)
    }
  }
  return ok(found)
}

/** The error completes "the file … ". */
function readSecret(path: string): Result<string, string> {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? err('is empty. Put the secret into it.') : ok(text)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return err('is not there.')
    if (code === 'EACCES' || code === 'EPERM') return err('may not be read by you.')
    if (code === 'EISDIR') return err('is a folder.')
    return err(`cannot be read: ${String(error)}`)
  }
}
