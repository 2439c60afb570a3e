import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  accessTokenPath,
  keepAccessToken,
  readAccessToken,
} from '../../../src/storage/access-token.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'access-token-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('it is made once, for its owner alone, and kept', () => {
  const dataDir = folder()
  expect(readAccessToken(dataDir)).toBeUndefined()
  const made = keepAccessToken(dataDir)
  if (!made.ok) throw new Error(made.error)
  expect(made.value).toMatch(/^[\w-]{43}$/)
  expect(mode(accessTokenPath(dataDir))).toBe('600')
  expect(readFileSync(accessTokenPath(dataDir), 'utf8')).toBe(`${made.value}\n`)
  expect(keepAccessToken(dataDir)).toEqual(made)
  expect(readAccessToken(dataDir)).toBe(made.value)
  expect(readdirSync(dataDir)).toEqual(['access-token'])
  expect(keepAccessToken(folder())).not.toEqual(made)
})

test('one that others could read is made private', () => {
  const dataDir = folder()
  writeFileSync(accessTokenPath(dataDir), 'a-token-of-my-own\n')
  chmodSync(accessTokenPath(dataDir), 0o644)
  expect(keepAccessToken(dataDir)).toEqual({ ok: true, value: 'a-token-of-my-own' })
  expect(mode(accessTokenPath(dataDir))).toBe('600')
})

test.each([
  ['nothing', ''],
  ['a short token', 'short\n'],
  ['two words', 'sixteen letters and more\n'],
])('a file with %s is told, used by nobody, and not replaced', (_, text) => {
  const dataDir = folder()
  writeFileSync(accessTokenPath(dataDir), text)
  const kept = keepAccessToken(dataDir)
  expect(kept).toMatchObject({ ok: false, error: expect.stringContaining('holds no token') })
  expect(JSON.stringify(kept)).not.toContain('letters')
  expect(readAccessToken(dataDir)).toBeUndefined()
  expect(readFileSync(accessTokenPath(dataDir), 'utf8')).toBe(text)
})

test('a link in its place is not followed, a folder not taken', () => {
  const dataDir = folder()
  const other = join(folder(), 'other')
  writeFileSync(other, 'somebody-elses-secret\n')
  symlinkSync(other, accessTokenPath(dataDir))
  expect(keepAccessToken(dataDir).ok).toBe(false)
  expect(readAccessToken(dataDir)).toBeUndefined()
  rmSync(accessTokenPath(dataDir))
  mkdirSync(accessTokenPath(dataDir))
  expect(keepAccessToken(dataDir).ok).toBe(false)
})

test('where it cannot be written, that is told', () => {
  const kept = keepAccessToken(join(folder(), 'missing'))
  expect(kept).toMatchObject({ ok: false, error: expect.stringContaining('access-token') })
})
