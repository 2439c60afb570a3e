/**
 * One PostgreSQL server for all tests of a run, started by the first one that asks for it: most runs
 * never do. It belongs to Vitest's main process, which the workers ask over HTTP.
 */
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/storage/postgres/open-database.ts'
import { PATIENCE_MS } from '../patience.ts'
import {
  makePostgresDatabase,
  MIGRATED_DATABASE,
  type PostgresServer,
  startPostgresServer,
} from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the server's address once it runs. */
    readonly postgresStarter: string
  }
}

let server: Promise<PostgresServer> | undefined

/** With a database of today's schema, to be copied: that takes half of the time of migrating an empty one. */
async function startWithTemplate(): Promise<PostgresServer> {
  const started = await startPostgresServer()
  const url = makePostgresDatabase(started.url, MIGRATED_DATABASE)
  const opened = await openDatabase({ url, size: 1, statementTimeoutMs: PATIENCE_MS })
  if (!opened.ok) throw new Error(opened.error.message)
  await opened.value.close()
  return started
}

const starter = createServer((_, response) => {
  server ??= startWithTemplate()
  server.then(
    ({ url }) => response.end(url),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})

// A connection that a worker keeps must not be closed just when it is used again.
starter.keepAliveTimeout = 0

export async function setup(project: TestProject): Promise<void> {
  await new Promise<void>((resolve) => {
    starter.listen(0, '127.0.0.1', resolve)
  })
  const address = starter.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  project.provide('postgresStarter', `http://127.0.0.1:${address.port}`)
}

export async function teardown(): Promise<void> {
  starter.close()
  starter.closeAllConnections()
  await (await server?.catch(() => undefined))?.remove()
}
