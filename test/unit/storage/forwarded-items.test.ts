/** How long what was forwarded is known, and how much of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createForwardedItems } from '../../../src/storage/sqlite/forwarded-items.ts'
import { openDatabase } from '../../../src/storage/sqlite/open-database.ts'
import { createManualClock } from '../manual-clock.ts'
import { temporaryFolder } from './open-store.ts'

test('is bounded in age and number, the oldest first', async () => {
  const path = join(temporaryFolder(), 'test.db')
  writeFileSync(path, '')
  const opened = await openDatabase(path)
  if (!opened.ok) throw new Error('it cannot be opened')
  const connection = opened.value
  const clock = createManualClock(1_000_000)
  const forwarded = createForwardedItems({
    connection,
    ids: { forget: () => undefined },
    outbox: { change: (work) => work(), insert: () => undefined },
    clock,
    write: async (work) => work(),
    bounds: { items: 3000, ageMs: 1000 },
  })
  const isFresh = (...digests: readonly string[]) =>
    forwarded.keep(
      digests.map((digest) => ({ digest, item: digest })),
      () => ({}) as never,
    )
  expect(await isFresh('a')).toBe(true)
  await clock.advance(900)
  expect(forwarded.expire(clock.now())).toBe(false)
  expect(await isFresh('a')).toBe(false)
  await clock.advance(101)
  forwarded.expire(clock.now())
  expect(await isFresh('a')).toBe(true)
  await isFresh(...Array.from({ length: 3500 }, (_, i) => `b${i}`))
  await clock.advance(1)
  await isFresh('c')
  forwarded.expire(clock.now())
  expect(await isFresh('c')).toBe(false)
  expect(await isFresh('a')).toBe(true)
  connection.close()
})
