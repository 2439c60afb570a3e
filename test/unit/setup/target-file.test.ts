/** Files that somebody else may have put where a person's settings are looked for. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readTarget } from '../../../src/setup/target-file.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('a file is read, behind a link too, and none is none', () => {
  writeFileSync(join(root, 'file'), 'text')
  symlinkSync(join(root, 'file'), join(root, 'link'))
  for (const name of ['file', 'link']) {
    expect(readTarget(join(root, name))).toEqual({ ok: true, value: Buffer.from('text') })
  }
  expect(readTarget(join(root, 'nothing'))).toEqual({ ok: true, value: undefined })
})

test.each([
  ['a FIFO', (at: string) => execFileSync('mkfifo', [at]), 'it is not a regular file'],
  ['a folder', (at: string) => mkdirSync(at), 'it is not a regular file'],
  [
    'a device without end',
    (at: string) => symlinkSync('/dev/zero', at),
    'it is not a regular file',
  ],
  [
    'a gigabyte',
    (at: string) => {
      writeFileSync(at, '')
      truncateSync(at, 1_500_000_000)
    },
    'it is larger than 16777216 bytes',
  ],
])('%s is an error', (_name, make, reason) => {
  make(join(root, 'it'))
  expect(readTarget(join(root, 'it'))).toEqual({
    ok: false,
    error: `${join(root, 'it')} cannot be read: ${reason}`,
  })
})
