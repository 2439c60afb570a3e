/** What the status line reads before it can show anything: standard input and a few settings. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readInput } from '../../../../src/cli/statusline/read-input.ts'
import { statusLineSettings } from '../../../../src/cli/statusline/settings.ts'

test('input that never ends is what came of it', async () => {
  const stdin = new PassThrough()
  stdin.write('{"session_id":"s1"}')
  expect(await readInput(stdin, 20)).toBe('{"session_id":"s1"}')
  expect(stdin.destroyed).toBe(true)
})

test('input that ends is read whole', async () => {
  const stdin = new PassThrough()
  stdin.write('{"a":')
  stdin.end('1}')
  expect(await readInput(stdin)).toBe('{"a":1}')
})

const platform = { os: 'linux', homeDir: '/nowhere', workingDir: '/nowhere' } as const

test.each([
  [{}, 'http://127.0.0.1:4318'],
  [{ OTLP_RECEIVER_PORT: '5000' }, 'http://127.0.0.1:5000'],
  [{ OTLP_RECEIVER_PORT: '99999' }, 'http://127.0.0.1:4318'],
  [{ OTLP_RECEIVER_PORT: '-1' }, 'http://127.0.0.1:4318'],
  [{ OTLP_RECEIVER_PORT: 'abc' }, 'http://127.0.0.1:4318'],
  [{ OTLP_RECEIVER_HOST: 'no such host', OTLP_RECEIVER_PORT: '5000' }, 'http://127.0.0.1:5000'],
])('%j asks %s', (environment, address) => {
  expect(statusLineSettings(environment, platform).address).toBe(address)
})
