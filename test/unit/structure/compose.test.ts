/** What docker-compose.yml opens on this machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8')

test('nothing is published but the page of Langfuse, on loopback unless told otherwise', () => {
  const published = [...text.matchAll(/^\s+ports:\n((?:\s+- .*\n)+)/gm)].map(([, ports = '']) =>
    ports.trim(),
  )
  const host = '{LANGFUSE_WEB_HOST:-127.0.0.1}'
  const port = '{LANGFUSE_WEB_PORT:-3000}'
  expect(published).toEqual([`- '$${host}:$${port}:3000'`])
  expect(text).not.toMatch(/network_mode|expose:/)
})
