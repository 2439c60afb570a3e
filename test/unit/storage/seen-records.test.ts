/** Records that have one id: which are one, which are two, and what an earlier version stored. */
import { expect, test } from 'vitest'
import type { RecordInstance } from '../../../src/domain/agent-event.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { arrival, AT_MS, base, nothing, row } from './arrivals.ts'
import { openStore } from './open-store.ts'

const of = (change: Partial<RecordInstance> = {}, timeMs = AT_MS): Arrival => {
  const instance = { isSequenced: true, place: `${timeMs}|1`, content: '10,5', ...change }
  return arrival({ ...base, kind: 'other', dedupKey: 'api_request|r1', timeMs, instance })
}

/** The keys of those that were taken, commit by commit. */
async function taken(
  commits: readonly (readonly Arrival[])[],
  store = openStore(),
): Promise<string[]> {
  const opened = await store
  const keys: string[] = []
  for (const arrivals of commits) {
    await opened.sessions.commit(arrivals, [], (fresh) => {
      for (const { item } of fresh) keys.push(item.dedupKey)
      return { ...nothing, sessions: [row('s1')] }
    })
  }
  return keys
}

test('the first of an id has the bare key, a further one a key of its own', async () => {
  expect(await taken([[of(), of({ place: '9|9' })], [of({ place: '9|9' })], [of()]])).toEqual([
    'api_request|r1',
    'api_request|r1|live|10,5|9|9',
  ])
})

test('a repeat is marked where it is stored, so that a replay gives it the same key', async () => {
  const store = await openStore()
  await taken([[of(), of({ place: '9|9' })]], Promise.resolve(store))
  const [{ body }] = store.rows('select body from record_batches') as [{ body: string }]
  const records = JSON.parse(body) as { isRepeat?: boolean }[]
  expect(records.map(({ isRepeat }) => isRepeat)).toEqual([undefined, true])
})

test('a bar in what is told makes no two contents alike to a source', async () => {
  const odd = [of({ content: '1|live' }), of({ content: '1', place: 'live|x' })]
  expect(await taken([odd, odd])).toHaveLength(2)
})

test('what an earlier version stored is known by its id, up to when that version ended', async () => {
  const store = await openStore()
  store.rows(
    "insert into sessions (session_key, agent, session_id, updated_ms) values ('claude-code/s1', 'claude-code', 's1', 0) returning id",
  )
  store.rows("insert into seen (session_ref, dedup_key) values (1, 'api_request|r1') returning 1")
  store.rows(`update bare_ids set until_ms = ${AT_MS} returning 1`)
  const later = of({}, AT_MS + 1)
  expect(await taken([[of()], [later], [later], [of()]], Promise.resolve(store))).toEqual([
    `api_request|r1|live|10,5|${AT_MS + 1}|1`,
  ])
})
