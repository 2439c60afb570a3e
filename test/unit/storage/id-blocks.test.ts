/** Ids are never given twice, whatever happens in between. */
import { expect, test } from 'vitest'
import { nothing, observation, other } from './arrivals.ts'
import { openStore } from './open-store.ts'

const put = (key: string) => ({ ...nothing, emissions: [observation(key)] })

test('ids grow, also after their rows are gone and the store was opened again', async () => {
  const first = await openStore()
  await first.sessions.commit([other('a')], [], () => put('a'))
  await first.outbox.delivered([1])
  await first.close()
  const second = await openStore(first.dataDir)
  await second.sessions.commit([other('b')], [], () => put('b'))
  const [item] = await second.outbox.due(0, 1, 1)
  expect(item?.id).toBeGreaterThan(1)
  expect(second.rows('select id from record_batches')).toEqual([{ id: 1 }, { id: item?.id }])
})

test('ids that a rolled back commit had reserved are reserved again', async () => {
  const store = await openStore()
  const failing = store.sessions.commit([other('a')], [], () => {
    throw new Error('the fold failed')
  })
  await expect(failing).rejects.toThrow('the fold failed')
  await store.sessions.commit([other('a')], [], () => put('a'))
  expect(store.rows('select name, reserved from ids order by name')).toEqual([
    { name: 'outbox', reserved: 10_000 },
    { name: 'record_batches', reserved: 10_000 },
  ])
  expect(store.rows('select id from outbox')).toEqual([{ id: 1 }])
})
