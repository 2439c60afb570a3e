/**
 * The fault rig: `npm run test:faults -- [--runs 300] [--seed 1] [--only <part of a name>]
 * [--write]`. Runs each fault in turn against the real bridge, two at a time, prints what was
 * promised, delivered, lost and doubled, and fails when anything was lost or doubled. The same
 * seed makes the same choices; only the machine's own timing differs. `--write` puts the table
 * into docs/reliability.md.
 */
import { parseArgs } from 'node:util'
import type { Fault } from '../../test/integration/faults/fault.ts'
import { faults } from '../../test/integration/faults/faults.ts'
import { runFault } from '../../test/integration/faults/run-fault.ts'
import { createTally } from './tally.ts'
import { writeTable } from './write-table.ts'

const AT_ONCE = 2

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const firstSeed = Number(values.seed)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const chosen = faults.filter(({ name }) => name.includes(values.only))
const tally = createTally(chosen)
const available = chosen.filter((fault) => fault.unavailable?.() === undefined)
if (available.length === 0) throw new Error(`no fault has "${values.only}" in its name`)

async function oneRun(fault: Fault, seed: number): Promise<void> {
  try {
    const run = await runFault(fault, seed)
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
async function work(): Promise<void> {
  for (let index = next++; index < runs; index = next++) {
    const fault = available[index % available.length]
    if (fault !== undefined) await oneRun(fault, firstSeed + index)
  }
}

const startedMs = performance.now()
say(`${runs} runs from seed ${firstSeed}`)
await Promise.all(Array.from({ length: AT_ONCE }, work))
say(tally.table())
const seconds = Math.round((performance.now() - startedMs) / 1000)
say(`${runs} runs from seed ${firstSeed} in ${seconds} s: ${tally.verdict()}`)
if (values.write) writeTable(tally.table(), `${runs} runs from seed ${firstSeed}`)
process.exit(tally.isGood() ? 0 : 1)
