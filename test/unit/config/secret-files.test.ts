/** Secrets that stand in files of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSettings } from '../../../src/config/env-file.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { environmentSchema } from '../../../src/config/schema.ts'
import { SECRET_FILE_NAMES } from '../../../src/config/secret-files.ts'
import { suspicionsOf } from '../../../src/config/suspicions.ts'
import { variableNotes } from '../../../src/config/variable.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

function settings(environment: Record<string, string>, asked: readonly string[] = []) {
  const platform = { os: 'linux', homeDir: folder, workingDir: folder }
  const read = readSettings(asked, environment, platform)
  if (!read.ok) return { error: read.error }
  return { config: loadConfig(read.value.variables, platform), read: read.value }
}

/** Values that each secret takes. */
const VALUES: Readonly<Record<string, string>> = {
  BUDGET_WEBHOOK_URL: 'https://hooks.example/key',
}

test('every secret can stand in a file', () => {
  const secrets = Object.entries(environmentSchema.shape).filter(
    ([, schema]) => variableNotes.get(schema)?.isSecret,
  )
  expect(secrets.length).toBeGreaterThan(2)
  expect(SECRET_FILE_NAMES).toEqual(secrets.map(([name]) => `${name}_FILE`))
  for (const [name] of secrets) {
    const value = VALUES[name] ?? `value-of-${name}`
    const path = write(name, `${value}\n`)
    const { read, error } = settings({ [`${name}_FILE`]: path })
    if (read === undefined) throw new Error(error)
    expect([name, read.variables[name]]).toEqual([name, value])
    expect(read.originOf(name)).toBe('the environment')
    expect(suspicionsOf(read).filter((each) => !each.endsWith('is not set.'))).toEqual([])
  }
})

describe('API_KEY_FILE', () => {
  test.each([
    ['absolute', () => join(folder, 'key')],
    ['relative to the current folder', () => 'key'],
    ['below the home', () => '~/key'],
  ])('is a path, %s', (_, path) => {
    write('key', 'the-key-itself \r\n')
    const { config } = settings({ API_KEY_FILE: path() })
    expect(config).toMatchObject({ ok: true, value: { receiver: { apiKey: 'the-key-itself' } } })
  })

  test('in a file of settings starts from that folder', () => {
    mkdirSync(join(folder, 'sub'))
    write('sub/key', 'key-of-the-file')
    const asked = write('sub/.env', 'API_KEY_FILE=key\n')
    const { read } = settings({}, [asked])
    expect([read?.variables.API_KEY, read?.originOf('API_KEY')]).toEqual(['key-of-the-file', asked])
  })

  test('of a later place is not read when the key is set before it', () => {
    const asked = write('.env', 'API_KEY_FILE=/none\n')
    expect(settings({ API_KEY: 'key' }, [asked]).read?.variables.API_KEY).toBe('key')
    expect(settings({ API_KEY: '' }, [asked]).read?.variables.API_KEY).toBe('')
    const other = write('other.env', 'API_KEY=of-the-other-file\n')
    write('key', 'of-the-key-file')
    const { read } = settings({ API_KEY_FILE: 'key' }, [other])
    expect(read?.variables.API_KEY).toBe('of-the-key-file')
  })

  test.each([
    ['is not there', () => 'none', 'is not there.'],
    ['is a folder', () => folder, 'is a folder.'],
    ['is empty', () => write('empty', ' \n'), 'is empty. Put the secret into it.'],
  ])('that %s is told, with its place', (_, path, says) => {
    const { error } = settings({ API_KEY_FILE: path() })
    expect(error).toMatch(/^\/.*, API_KEY_FILE in the environment, /)
    expect(error).toContain(says)
  })

  test('beside the key itself in one place is refused', () => {
    const path = write('key', 'secret-of-the-file')
    const { error } = settings({ API_KEY: 'secret-itself', API_KEY_FILE: path })
    expect(error).toBe('API_KEY and API_KEY_FILE are both set in the environment. Set one of them.')
  })

  test('with a wrong key is told without it', () => {
    const { config } = settings({ API_KEY_FILE: write('key', 'two words') })
    expect(config).toMatchObject({ ok: false, error: [{ variable: 'API_KEY', value: '(hidden)' }] })
  })
})
