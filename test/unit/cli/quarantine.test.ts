/** The list of records that could not be assigned. */
import { expect, test } from 'vitest'
import type { Quarantined } from '../../../src/domain/quarantine.ts'
import { AT_MS } from '../storage/arrivals.ts'
import { openStore } from '../storage/open-store.ts'
import { runCommandLine } from './run-command.ts'

/** More than a table shows. */
const RECORDS = 1003

function unplaced(n: number): Quarantined {
  const record = {
    origin: { resource: { n }, scopeName: 'unheard.of', scopeVersion: '' },
    timeMs: AT_MS,
    observedMs: undefined,
    eventName: `event-${n}`,
    body: '',
    attributes: {},
  }
  const rejection = { reason: 'unknown_agent', message: `why ${n}` } as const
  return { unplaced: { signal: 'log', record }, receivedMs: AT_MS, rejection }
}

test('a table says how many it leaves out; JSON leaves out none', async () => {
  const store = await openStore()
  await store.quarantine.keep(Array.from({ length: RECORDS }, (_, n) => unplaced(n)))
  const list = (...args: string[]) =>
    runCommandLine(['quarantine', 'list', ...args], { DATA_DIR: store.dataDir }, { nowMs: AT_MS })
  const linesOf = ({ stdout }: { readonly stdout: string }) => stdout.trimEnd().split('\n')

  const lines = linesOf(await list())
  expect(lines).toHaveLength(1001)
  expect(lines.at(-1)).toBe('1000 of 1003 records; --limit N shows more, --json all')
  expect(linesOf(await list('-n', '2')).at(-1)).toMatch(/^2 of 1003 records; /)
  expect(linesOf(await list('-n', '1003'))).toHaveLength(RECORDS)
  expect(JSON.parse((await list('--json')).stdout)).toHaveLength(RECORDS)
  expect(JSON.parse((await list('--json', '-n', '2')).stdout)).toHaveLength(2)
})
