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
  const database = await createPostgresDatabase(await sharedServerUrl(), options)
  onTestFinished(() => database.drop())
  return database
}

/** Where the server of this run is, which starts when it is asked for first. */
export async function sharedServerUrl(): Promise<string> {
  const answer = await fetch(inject('postgresStarter'))
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

/** Ends the test under way as skipped, with the reason, where PostgreSQL cannot be had. */
export function skipWithoutPostgres(): void {
  if (whyNoPostgres !== undefined) TestRunner.getCurrentTest()?.context.skip(whyNoPostgres)
}
