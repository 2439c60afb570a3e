/** A short selection of the fault rig; `npm run test:faults` runs all of it, many times. */
import { expect, test } from 'vitest'
import { faults } from './faults/faults.ts'
import { runFault } from './faults/run-fault.ts'

const SEED = 6
const selection = [
  'SIGKILL, three times',
  'SIGKILL between the answer of Langfuse and its mark',
  'SIGTERM in the middle of a batch',
  'Langfuse stores, and answers 200 with a broken body',
  'Langfuse refuses one span of a batch; later it is retried by command',
  'an older score is put off, and a newer one follows',
  'database damaged: its middle overwritten',
  'the clock is set back by a day',
  'clients send everything twice, or half of it',
  'the file system of a repository hangs',
  'a restart in the middle of a turn, then a replay: rows equal',
]

test.each(selection)('%s: nothing is lost, nothing is twice', async (name) => {
  const fault = faults.find((known) => known.name === name)
  if (fault === undefined) throw new Error(`the rig knows no fault "${name}"`)
  const { promised, lost, doubled, wrong } = await runFault(fault, SEED)
  expect(promised).toBeGreaterThan(0)
  expect({ lost, doubled, wrong }).toEqual({ lost: [], doubled: [], wrong: [] })
})
