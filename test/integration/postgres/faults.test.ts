/** A short selection of the faults of replicas; `npm run test:faults -- --store postgres` runs all of them. */
import { expect, onTestFinished, test } from 'vitest'
import { skipWithoutPostgres } from '../../postgres/database.ts'
import { startPostgresServer } from '../../postgres/postgres-server.ts'
import { postgresFaults } from '../faults/postgres-faults.ts'
import { runReplicas } from '../faults/run-replicas.ts'

const SEED = 7
const selection = [
  'SIGKILL of one replica after the other',
  'SIGTERM to all in the middle of a batch',
  'PostgreSQL crashes, three times',
]

test.each(selection)('%s: nothing is lost, nothing is twice', async (name) => {
  skipWithoutPostgres()
  const fault = postgresFaults.find((known) => known.name === name)
  if (fault === undefined) throw new Error(`the rig knows no fault "${name}"`)
  const server = await startPostgresServer({ isDurable: true })
  onTestFinished(() => server.remove())
  const { promised, lost, doubled, wrong } = await runReplicas(fault, SEED, server)
  expect(promised).toBeGreaterThan(0)
  expect({ lost, doubled, wrong }).toEqual({ lost: [], doubled: [], wrong: [] })
})
