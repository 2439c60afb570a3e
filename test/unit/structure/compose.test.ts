/** What docker-compose.yml opens on this machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8')

test('nothing is published but the page of Langfuse and the balancer of the profile team, on loopback unless told otherwise', () => {
  const published = [...text.matchAll(/^\s+ports:\n((?:\s+- .*\n)+)/gm)].map(([, ports = '']) =>
    ports.trim(),
  )
  const host = '{LANGFUSE_WEB_HOST:-127.0.0.1}'
  const port = '{LANGFUSE_WEB_PORT:-3000}'
  const team = '{TEAM_HOST:-127.0.0.1}'
  const httpPort = '{TEAM_HTTP_PORT:-4318}'
  const grpcPort = '{TEAM_GRPC_PORT:-4317}'
  const balancer = [`- '$${team}:$${httpPort}:4318'`, `- '$${team}:$${grpcPort}:4317'`]
  expect(published.map((ports) => ports.split(/\n\s+/))).toEqual([
    [`- '$${host}:$${port}:3000'`],
    balancer,
  ])
  expect(text).not.toMatch(/network_mode|expose:/)
})
