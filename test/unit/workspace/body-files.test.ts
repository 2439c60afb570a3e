import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { withBodies } from '../../../src/workspace/body-files.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const record = (attributes: LogRecord['attributes']): LogRecord => ({
  origin: { resource: {}, scopeName: '', scopeVersion: '' },
  timeMs: 0,
  observedMs: 0,
  eventName: '',
  body: null,
  attributes,
})

const request = '{"model":"m","messages":[{"role":"user","content":"hi"}]}'

test('a body that is referred to is read', async () => {
  const path = join(root, 'request.json')
  writeFileSync(path, request)
  const [read] = await withBodies([record({ body_ref: path })])
  expect(read?.attributes).toEqual({ body_ref: path, body: request })
})

test.each([
  ['another JSON file', () => ({ text: '{"password":"x"}' })],
  ['no JSON', () => ({ text: 'root:x:0:0' })],
  ['a link', () => ({ text: request, link: true })],
  ['a file that is too large', () => ({ text: `{"messages":["${'x'.repeat(5_000_000)}"]}` })],
  ['nothing', () => ({})],
])('%s stays a reference', async (_, make) => {
  const { text, link } = make() as { text?: string; link?: boolean }
  const path = join(root, 'file')
  const file = link === true ? join(root, 'target') : path
  if (text !== undefined) writeFileSync(file, text)
  if (link === true) symlinkSync(file, path)
  const given = [record({ body_ref: path })]
  expect(await withBodies(given)).toEqual(given)
})

test('records that refer to nothing are passed on as they are', () => {
  const given = [record({ body: 'x' }), record({})]
  expect(withBodies(given)).toBe(given)
})
