/**
 * The fault rig: `npm run test:faults -- [--runs 300] [--seed 1] [--only <part of a name>]
 * [--write]`. Runs each fault in turn against the real bridge, two at a time, prints what was
 * promised, delivered, lost and doubled, and fails when anything was lost or doubled. The same
 * seed makes the same choices; only the machine's own timing differs. `--write` puts the table
 * into docs/reliability.md. With `--store postgres` the faults are those of three replicas on one
 * PostgreSQL, of which each worker starts its own.
 */
import { parseArgs } from 'node:util'
import type { Fault } from '../../test/integration/faults/fault.ts'
import { faults } from '../../test/integration/faults/faults.ts'
import { postgresFaults } from '../../test/integration/faults/postgres-faults.ts'
import { type Run, runFault } from '../../test/integration/faults/run-fault.ts'
import { runReplicas } from '../../test/integration/faults/run-replicas.ts'
import {
  type PostgresServer,
  startPostgresServer,
  whyNoPostgres,
} from '../../test/postgres/postgres-server.ts'
import { createTally } from './tally.ts'
import { writeTable } from './write-table.ts'

const AT_ONCE = 2

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    store: { type: 'string', default: 'sqlite' },
  },
})
const runs = Number(values.runs)
const firstSeed = Number(values.seed)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

/** A fault, and how it is run. */
interface Runnable extends Pick<Fault, 'name' | 'unavailable'> {
  run(seed: number, worker: number): Promise<Run>
}

const servers = new Map<number, Promise<PostgresServer>>()

/** That of a worker: a run may end it while another one goes on. */
function serverOf(worker: number): Promise<PostgresServer> {
  const server = servers.get(worker) ?? startPostgresServer({ isDurable: true })
  servers.set(worker, server)
  return server
}

const onSqlite: readonly Runnable[] = faults.map((fault) => ({
  ...fault,
  run: (seed) => runFault(fault, seed),
}))
const onPostgres: readonly Runnable[] = postgresFaults.map((fault) => ({
  ...fault,
  unavailable: () => whyNoPostgres,
  run: async (seed, worker) => runReplicas(fault, seed, await serverOf(worker)),
}))

const known = values.store === 'postgres' ? onPostgres : onSqlite
const chosen = known.filter(({ name }) => name.includes(values.only))
const tally = createTally(chosen)
const available = chosen.filter((fault) => fault.unavailable?.() === undefined)
if (available.length === 0) throw new Error(`no fault has "${values.only}" in its name`)

async function oneRun(fault: Runnable, seed: number, worker: number): Promise<void> {
  try {
    const run = await fault.run(seed, worker)
    tally.add(fault, run)
    const faulty = [...run.wrong, ...run.lost.map((what) => `lost: ${what}`)]
    const lines = faulty.concat(run.doubled.map((what) => `doubled: ${what}`))
    if (lines.length > 0) say(`seed ${seed}, ${fault.name}:\n  ${lines.join('\n  ')}`)
  } catch (error) {
    tally.fail(fault)
    say(`seed ${seed}, ${fault.name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

let next = 0
async function work(worker: number): Promise<void> {
  for (let index = next++; index < runs; index = next++) {
    const fault = available[index % available.length]
    if (fault !== undefined) await oneRun(fault, firstSeed + index, worker)
  }
}

const startedMs = performance.now()
say(`${runs} runs from seed ${firstSeed}`)
await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)))
for (const server of servers.values()) await (await server).remove()
say(tally.table())
const seconds = Math.round((performance.now() - startedMs) / 1000)
say(`${runs} runs from seed ${firstSeed} in ${seconds} s: ${tally.verdict()}`)
if (values.write) writeTable(tally.table(), `${runs} runs from seed ${firstSeed}`)
process.exit(tally.isGood() ? 0 : 1)
