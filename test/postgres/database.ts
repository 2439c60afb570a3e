/** A PostgreSQL database for one test, on the server that all tests of a run share. */
import { inject, onTestFinished, TestRunner } from 'vitest'
import {
  createPostgresDatabase,
  type NewDatabaseOptions,
  type PostgresDatabase,
  whyNoPostgres,
} from './postgres-server.ts'

/** Empty, and dropped when the test is over. Skips the test, with the reason, where no server can run. */
export async function newTestDatabase(options?: NewDatabaseOptions): Promise<PostgresDatabase> {
  skipWithoutPostgres()
  const answer = await fetch(inject('postgresStarter'))
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  const database = await createPostgresDatabase(text, options)
  onTestFinished(() => database.drop())
  return database
}

/** Ends the test under way as skipped, with the reason, where PostgreSQL cannot be had. */
export function skipWithoutPostgres(): void {
  if (whyNoPostgres !== undefined) TestRunner.getCurrentTest()?.context.skip(whyNoPostgres)
}
