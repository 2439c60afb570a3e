/** What of a window's spending is read again, and what is remembered. */
import { expect, test } from 'vitest'
import type { Visible } from '../../../src/domain/access.ts'
import type { SpentRow } from '../../../src/domain/budget-brake.ts'
import { createSpendingMemo } from '../../../src/reports/spending-memo.ts'

const DAY_MS = 86_400_000
const TODAY_MS = 20 * DAY_MS
const month = { fromMs: 0, toMs: 30 * DAY_MS }

function setUp() {
  const memo = createSpendingMemo()
  const asked: string[] = []
  let fails = false
  const reader = {
    budgets: {
      spending: async ({ fromMs, toMs }: typeof month) => {
        asked.push(`${fromMs / DAY_MS}-${toMs / DAY_MS}`)
        if (fails) throw new Error('told to fail')
        const row = { agent: 'claude-code', model: 'opus', bucketMs: 0, estimatedUsd: 0 }
        return [{ ...row, costUsd: toMs - fromMs }] as unknown as readonly SpentRow[]
      },
    } as never,
  }
  const read = async (
    span = month,
    { nowMs = TODAY_MS, visible = 'all' }: { nowMs?: number; visible?: Visible } = {},
  ) => {
    asked.length = 0
    const rows = await memo.reading(reader, visible, { todayMs: TODAY_MS, nowMs })(span)
    const sum = rows.reduce((total, { costUsd }) => total + costUsd, 0)
    return { days: sum / DAY_MS, asked: [...asked] }
  }
  const failWith = (failing: boolean): void => {
    fails = failing
  }
  return { memo, read, failWith }
}

test('of a month, only today is read again', async () => {
  const { read } = setUp()
  expect(await read()).toEqual({ days: 30, asked: ['0-20', '20-30'] })
  expect(await read()).toEqual({ days: 30, asked: ['20-30'] })
  expect((await read(month, { visible: { team: 'red' } })).asked).toEqual(['0-20', '20-30'])
  expect((await read(month, { nowMs: TODAY_MS + 60_000 })).asked).toEqual(['0-20', '20-30'])
  expect((await read({ fromMs: TODAY_MS, toMs: month.toMs })).asked).toEqual(['20-30'])
})

test('what a commit adds to, or a deletion takes from, is read again', async () => {
  const { memo, read } = setUp()
  await read()
  memo.changed([TODAY_MS, 40 * DAY_MS])
  expect((await read()).asked).toEqual(['20-30'])
  memo.changed([TODAY_MS - 1])
  expect((await read()).asked).toEqual(['0-20', '20-30'])
  memo.regrouped({ fromMs: TODAY_MS, toMs: TODAY_MS + 5 })
  expect((await read()).asked).toEqual(['20-30'])
  memo.regrouped({ fromMs: TODAY_MS - 5, toMs: TODAY_MS + 5 })
  expect((await read()).asked).toEqual(['0-20', '20-30'])
  memo.clear()
  expect((await read()).asked).toEqual(['0-20', '20-30'])
})

test('a failure is not remembered', async () => {
  const { read, failWith } = setUp()
  failWith(true)
  await expect(read()).rejects.toThrow('told to fail')
  failWith(false)
  expect(await read()).toEqual({ days: 30, asked: ['0-20', '20-30'] })
})
