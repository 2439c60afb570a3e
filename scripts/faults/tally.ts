/** What the runs of each fault add up to. */
import type { Fault as AnyFault } from '../../test/integration/faults/fault.ts'
import type { Run } from '../../test/integration/faults/run-fault.ts'
import { markdownTable } from '../docs/markdown-table.ts'

/** What a row of the table is about. */
type Fault = Pick<AnyFault, 'name' | 'unavailable'>

export interface Tally {
  add(fault: Fault, run: Run): void
  /** A run that came to no verdict. */
  fail(fault: Fault): void
  /** One row a fault, in Markdown. */
  table(): string
  /** In a few words. */
  verdict(): string
  isGood(): boolean
}

const columns = ['promised', 'delivered', 'lost', 'doubled', 'resent'] as const
type Sums = Record<'runs' | 'failed' | (typeof columns)[number], number>

export function createTally(faults: readonly Fault[]): Tally {
  const zero = (): Sums => ({
    runs: 0,
    failed: 0,
    promised: 0,
    delivered: 0,
    lost: 0,
    doubled: 0,
    resent: 0,
  })
  const sums = new Map(faults.map((fault) => [fault, zero()]))
  const of = (fault: Fault): Sums => sums.get(fault) ?? zero()
  const total = (column: keyof Sums): number =>
    [...sums.values()].reduce((sum, row) => sum + row[column], 0)

  function rowOf([fault, sum]: readonly [Fault, Sums]): string[] {
    const missing = sum.runs === 0 ? fault.unavailable?.() : undefined
    if (missing !== undefined) return [fault.name, `not tried: ${missing}`, '', '', '', '', '']
    return [fault.name, String(sum.runs), ...columns.map((column) => String(sum[column]))]
  }

  return {
    add: (fault, run) => {
      const sum = of(fault)
      sum.runs += 1
      sum.promised += run.promised
      sum.delivered += run.delivered
      sum.lost += run.lost.length
      sum.doubled += run.doubled.length
      sum.resent += run.resent
      if (run.wrong.length > 0) sum.failed += 1
    },
    fail: (fault) => {
      of(fault).runs += 1
      of(fault).failed += 1
    },
    table: () => {
      const sumRow = ['all', ...(['runs', ...columns] as const).map((name) => String(total(name)))]
      return markdownTable(['Fault', 'runs', ...columns], [...[...sums].map(rowOf), sumRow])
    },
    verdict: () =>
      `${total('lost')} lost, ${total('doubled')} doubled, ${total('failed')} runs failed otherwise`,
    isGood: () => total('lost') + total('doubled') + total('failed') === 0,
  }
}
