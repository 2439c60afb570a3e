/** Reads the files that hold settings. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { err, ok, type Result } from '../domain/result.ts'
import { configDirOf, type Platform } from './folders.ts'
import { readSecretFiles } from './secret-files.ts'
import { ENVIRONMENT, type EnvFile, type Settings, settingsOf, type Variables } from './settings.ts'

/**
 * The environment, over the files that were asked for, the last one first, over the `.env` of the
 * clone that the program runs from, over the user's own. Never one of the current folder: that may
 * be somebody else's repository. The error is a sentence for a person.
 */
export function readSettings(
  asked: readonly string[],
  environment: Variables,
  platform: Platform,
): Result<Settings, string> {
  const files: EnvFile[] = []
  for (const path of asked.toReversed()) {
    const file = readEnvFile(path)
    if (!file.ok) return file
    if (file.value === undefined) return err(`There is no file ${path}, which --env-file names.`)
    files.push(file.value)
  }
  const folders = [platform.cloneDir, configDirOf(environment, platform)]
  for (const folder of folders.filter((each) => each !== undefined)) {
    const file = readEnvFile(join(folder, '.env'))
    if (!file.ok) return file
    if (file.value !== undefined) files.push(file.value)
  }
  const layers = [
    { origin: ENVIRONMENT, variables: environment, folder: platform.workingDir },
    ...files.map(({ path, variables }) => ({ origin: path, variables, folder: dirname(path) })),
  ]
  const secrets = readSecretFiles(layers, platform)
  return secrets.ok ? ok(settingsOf(environment, files, secrets.value)) : secrets
}

/** `undefined` when there is no such file. Named pipes are files, too: some programs serve secrets so. */
function readEnvFile(path: string): Result<EnvFile | undefined, string> {
  try {
    const text = readFileSync(path, 'utf8')
    const variables = parse(text)
    return ok({ path, variables, cutAtHash: cutAtHash(text, variables) })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return ok(undefined)
      case 'EACCES':
      case 'EPERM':
        return err(
          `${path} may not be read by you. Make it yours: sudo chown "$(id -un)" '${path}' && chmod u+r '${path}'`,
        )
      case 'EISDIR':
        return err(`${path} is a folder. Settings are read from a file of that name: move it away.`)
      default:
        return err(`${path} cannot be read: ${String(error)}`)
    }
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)(.*)$/

/**
 * In these files `#` begins a comment wherever it stands in a value without quotes. It hardly does behind
 * or before a letter without a space in between, or within brackets.
 */
function cutAtHash(text: string, variables: Readonly<Record<string, string>>): readonly string[] {
  const names = text.split(/\r\n?|\n/).flatMap((line) => {
    const [, name, value] = ASSIGNMENT.exec(line) ?? []
    const at = value?.indexOf('#') ?? -1
    if (name === undefined || value === undefined || at < 0) return []
    const [kept, rest] = [value.slice(0, at), value.slice(at + 1)]
    // Otherwise it is within quotes, or another line has the last word.
    if (kept.trim() !== variables[name]) return []
    const isComment =
      (kept === '' || /\s$/.test(kept)) && /^(?:[\s#]|$)/.test(rest) && !hasOpenBracket(kept)
    return isComment ? [] : [name]
  })
  return [...new Set(names)]
}

function hasOpenBracket(text: string): boolean {
  const count = (of: string) => text.split(of).length
  return ['()', '[]', '{}', '<>'].some(([open = '', close = '']) => count(open) > count(close))
}
