/** A server of the built page on a free port, with the door's own set-up around it. */
import Fastify from 'fastify'
import { createSystemClock } from '../../src/observability/clock.ts'
import { createKeyGuesses } from '../../src/receivers/key-guesses.ts'
import { createWeb } from '../../src/api/server.ts'
import type { WebQueries } from '../../src/api/queries.ts'
import { expectBuilt, pageDir } from './built-page.ts'

export interface PageServer {
  readonly url: string
  /** Hangs up on everyone, and goes on serving. */
  cutConnections(): void
  close(): Promise<void>
}

export async function startPageServer(queries: WebQueries): Promise<PageServer> {
  expectBuilt()
  const app = Fastify({ routerOptions: { maxParamLength: 4000 }, forceCloseConnections: true })
  const complain = (facts: object, message: string): void => console.error(message, facts)
  const log = { error: complain, warn: complain, info: () => {}, debug: () => {} }
  const clock = createSystemClock()
  const keys = { apiKey: undefined, accessToken: undefined, isOpen: true }
  const guesses = createKeyGuesses(clock, log)
  await app.register(createWeb({ queries, keys, guesses, pageDir, version: '0.0.0', log, clock }))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url, cutConnections: () => app.server.closeAllConnections(), close: () => app.close() }
}
