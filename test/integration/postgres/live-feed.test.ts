/**
 * What is read on from where it was, while replicas commit side by side: positions are taken before the
 * commit, so a record may become visible behind others with higher ones. None may be passed over.
 */
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openReader } from '../../../src/storage/beside.ts'
import type { DatabasePlace } from '../../../src/storage/store-place.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { nothing, observation, other, row } from '../../unit/storage/arrivals.ts'
import { openTwo } from './two-stores.ts'

async function readerAt(place: Pick<DatabasePlace, 'url' | 'readUrl'>): Promise<StoreReader> {
  const database = { poolSize: 2, statementTimeoutMs: 20_000, ...place }
  const opened = await openReader({ dataDir: '', database })
  if (!opened.ok) throw new Error(opened.error)
  onTestFinished(() => opened.value.close())
  return opened.value
}

/** Keeps whoever writes to the outbox waiting, with its records stored and not committed. */
async function holdOutbox(
  url: string,
): Promise<{ release(how?: 'commit' | 'kill'): Promise<void> }> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  await client.query('begin')
  await client.query('lock table outbox in exclusive mode')
  return {
    release: async (how = 'commit') => {
      if (how === 'kill') await askPostgres(url, KILL_WAITING)
      await client.query('commit')
    },
  }
}

const WAITING = `select count(*) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`
const KILL_WAITING = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`

/** Reads on from where it was, as a stream of the live feed does. */
function follow(reader: StoreReader) {
  let position = 0
  const seen: string[] = []
  return {
    seen,
    read: async (): Promise<void> => {
      const edge = await reader.records.newest()
      const found = await reader.records.before(edge + 1, ['log'], 100)
      const batches = found.batches.filter(({ id }) => id > position)
      for (const { sessionKey } of batches.toReversed()) seen.push(sessionKey)
      position = edge
    },
  }
}

/** The same slice by slice, as `tail` does beside a store. */
function followSlices(reader: StoreReader) {
  let position = 0
  const seen: string[] = []
  return {
    seen,
    read: async (): Promise<void> => {
      for (const batch of await reader.records.after(position, 100)) {
        seen.push(batch.sessionKey)
        position = batch.id
      }
    },
  }
}

async function oneCommitsLate() {
  const { one, other: two, url } = await openTwo()
  const held = await holdOutbox(url)
  const late = one.sessions.commit([other('a', 'late')], [], () => ({
    ...nothing,
    sessions: [row('late')],
    emissions: [observation('o', { sessionKey: 'claude-code/late' })],
  }))
  await vi.waitUntil(async () => (await askPostgres(url, WAITING)) === '1', { timeout: 30_000 })
  const commitEarly = () =>
    two.sessions.commit([other('b', 'early')], [], () => ({ ...nothing, sessions: [row('early')] }))
  return { held, late, commitEarly, url }
}

test.each([
  ['the feed', follow],
  ['slices', followSlices],
])('a record that is committed late is not passed over by %s', async (_, followed) => {
  const { held, late, commitEarly, url } = await oneCommitsLate()
  const { seen, read } = followed(await readerAt({ url }))
  await commitEarly()
  await read()
  await held.release()
  await late
  await read()
  expect(seen).toEqual(['claude-code/late', 'claude-code/early'])
})

test('one that is never committed keeps nobody waiting for longer than it lasts', async () => {
  const { held, late, commitEarly, url } = await oneCommitsLate()
  const outcome = late.then(
    () => 'stored',
    () => 'given up',
  )
  const { seen, read } = follow(await readerAt({ url }))
  await commitEarly()
  await read()
  await held.release('kill')
  expect(await outcome).toBe('given up')
  await read()
  expect(seen).toEqual(['claude-code/early'])
})

test('many commits of two replicas are all seen, each once', async () => {
  const { one, other: two, url } = await openTwo()
  const feed = follow(await readerAt({ url }))
  const slices = followSlices(await readerAt({ url }))
  const over = new AbortController()
  const reading = (async () => {
    while (!over.signal.aborted) await Promise.all([feed.read(), slices.read()])
  })()
  const sessions = Array.from({ length: 60 }, (_, n) => `s${n}`)
  await Promise.all(
    sessions.map((id, n) =>
      (n % 2 === 0 ? one : two).sessions.commit([other(`k${n}`, id)], [], () => ({
        ...nothing,
        sessions: [row(id)],
      })),
    ),
  )
  over.abort()
  await reading
  await Promise.all([feed.read(), slices.read()])
  const expected = sessions.map((id) => `claude-code/${id}`).toSorted()
  expect(feed.seen.toSorted()).toEqual(expected)
  expect(slices.seen.toSorted()).toEqual(expected)
})

test('the feed is that of the server, where a replica of it answers everything else', async () => {
  const { one, url } = await openTwo()
  // A database in which nothing of this was replayed yet.
  const { url: readUrl } = await openTwo()
  await askPostgres(
    readUrl,
    `update instance set id = '${await askPostgres(url, 'select id from instance')}'`,
  )
  const reading = await readerAt({ url, readUrl })
  await one.sessions.commit([other('a', 'new')], [], () => ({ ...nothing, sessions: [row('new')] }))
  expect(await reading.records.after(0, 10)).toHaveLength(1)
  expect(await reading.records.newest()).toBeGreaterThan(0)
  expect(await reading.records.countOf('claude-code/new')).toBeUndefined()
})
