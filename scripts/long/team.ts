/** A team at work: so many sessions at once, each replaced by another when it is through. */
import type { Batch } from '../../test/integration/faults/batch.ts'
import { generateSession } from '../../test/integration/faults/generated-session.ts'
import type { Random } from '../../test/integration/faults/random.ts'

export interface Team {
  /** Batches of at least `records` records in all, of all sessions in turn. */
  work(records: number, nowMs: number): Batch[]
  /** What has been handed out so far. */
  rows(): { readonly calls: number; readonly tools: number; readonly prompts: number }
  records(): number
}

const AT_ONCE = 30
const TURNS = 40

export function createTeam(random: Random): Team {
  const sessions: Batch[][] = Array.from({ length: AT_ONCE }, () => [])
  const rows = { call: 0, tool: 0, prompt: 0 }
  let begun = 0
  let records = 0
  let turn = 0

  function next(nowMs: number): Batch {
    turn = (turn + 1) % AT_ONCE
    let batch = sessions[turn]?.shift()
    if (batch === undefined) {
      begun += 1
      const [first, ...rest] = generateSession(`session-${begun}`, random, nowMs, TURNS)
      if (first === undefined) throw new Error('a session without batches')
      sessions[turn] = rest
      batch = first
    }
    return batch
  }

  return {
    work: (wanted, nowMs) => {
      const batches: Batch[] = []
      for (let count = 0; count < wanted; ) {
        const batch = next(nowMs)
        batches.push(batch)
        count += batch.records.length
        for (const { row } of batch.records) if (row !== undefined) rows[row.kind] += 1
      }
      records += batches.reduce((sum, batch) => sum + batch.records.length, 0)
      return batches
    },
    rows: () => ({ calls: rows.call, tools: rows.tool, prompts: rows.prompt }),
    records: () => records,
  }
}
