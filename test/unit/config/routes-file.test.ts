/** A file of routes: whatever is wrong in it is told on one line, with its place and without its secrets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseRoutes } from '../../../src/config/routes-file.ts'

const KEYS = { publicKey: 'pk', secretKey: 'S3CRET' }
const langfuse = (more: object) => ({
  destinations: { 'langfuse:red': { url: 'https://h', ...KEYS, ...more } },
})
const otlp = (more: object) => ({ destinations: { 'otlp:a': { url: 'https://h', ...more } } })

function problemOf(file: unknown): string {
  const parsed = parseRoutes(typeof file === 'string' ? file : JSON.stringify(file))
  if (parsed.ok) throw new Error('nothing was wrong')
  expect(parsed.error).not.toContain('S3CRET')
  expect(parsed.error).not.toMatch(/[\p{Cc}]/u)
  return parsed.error
}

test.each([
  'nonsense S3CRET',
  'langfuse.example',
  '',
  'ftp://h',
  'https://',
  'https://u:S3CRET@h',
  'https://h?token=S3CRET',
  'https://h#S3CRET',
  'http://[::1',
  'https://h:99999',
])('the address %j', (url) => {
  const expected = /^destinations\["(langfuse:red|otlp:a|forward:b)"\]: url: expected an http/
  expect(problemOf(langfuse({ url }))).toMatch(expected)
  expect(problemOf(otlp({ url }))).toMatch(expected)
  expect(problemOf({ destinations: { 'forward:b': { url } } })).toMatch(expected)
})

test.each([
  [{ 'bad header': 'x' }],
  [{ '': 'x' }],
  [{ 'Authorization: S3CRET': '' }],
  [{ authorization: 'S3CRET\n' }],
  [{ authorization: 'S3CRETé😀' }],
  [{ authorization: 'S3CRET\0' }],
  [{ 'Content-Length': '3' }],
  [{ 'transfer-encoding': 'chunked' }],
])('the headers %j', (headers) => {
  expect(problemOf(otlp({ headers }))).toMatch(
    /^destinations\["otlp:a"\]: headers: header 1 cannot/,
  )
})

test('a header that is named twice', () => {
  const headers = { 'x-team': 'a', 'X-Team': 'b' }
  expect(problemOf(otlp({ headers }))).toContain('header 2 has the name of an earlier one')
})

test('values of the wrong kind', () => {
  expect(problemOf(langfuse({ timeoutMs: '5' }))).toMatch(/timeoutMs: /)
  expect(problemOf(langfuse({ publicKey: ' ' }))).toMatch(/publicKey: expected a text/)
  expect(problemOf(otlp({ protocol: 'S3CRET' }))).toMatch(/protocol: /)
  expect(problemOf({ destinations: { 'otlp:a': 'S3CRET' } })).toMatch(/^destinations\["otlp:a"\]/)
  expect(problemOf({ destinations: { 'x"\n\u0007': {} } })).toMatch(/expected a name such as/)
  expect(problemOf({ rules: [{ team: 'red', to: ['nope\n'] }] })).toMatch(/^rules\[0\]\.to: /)
  expect(problemOf({ default: ['nope'] })).toMatch(/^default: there is no destination "nope"/)
  expect(problemOf({ rules: [{ to: [] }] })).toMatch(/^rules\.0: expected at least one of/)
  expect(problemOf('{"a": 1,\n  S3CRET')).toMatch(/^it is not JSON \(line 2 column \d+\)$/)
  expect(problemOf('')).toBe('it is not JSON')
})

test('all that is wrong is told', () => {
  const problem = problemOf({
    destinations: { 'otlp:a': { url: 'x', timeoutMs: 1 }, 'langfuse:b': {} },
  })
  for (const part of ['url', 'timeoutMs', 'publicKey', 'langfuse:b'])
    expect(problem).toContain(part)
})

test('a file with a key that is empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'routes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const secretKeyFile = join(folder, 'key')
  writeFileSync(secretKeyFile, '\n')
  const destination = { url: 'https://h', publicKey: 'pk', secretKeyFile }
  expect(problemOf({ destinations: { 'langfuse:red': destination } })).toContain('is empty')
})

test('a file without fault', () => {
  const url = 'https://h/path/'
  const parsed = parseRoutes(
    JSON.stringify({ destinations: { 'otlp:a': { url, headers: { 'X-Key': 'a b' } } } }),
  )
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      destinations: [{ exportOtlp: { endpoint: 'https://h/path', headers: { 'x-key': 'a b' } } }],
    },
  })
})
