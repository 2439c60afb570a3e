/** What a PostgreSQL server of this machine does, as it and Linux count it. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

export interface PostgresFigures {
  /** Processor time of all of its processes, those that ended included. */
  readonly cpuMs: number
  /** Of all databases. */
  readonly commits: number
  /** Of the write-ahead log. */
  readonly walBytes: number
}

/** What transactions under way are at, as means of looks at them. */
export interface PostgresWaits {
  /** The server runs a statement. */
  readonly running: number
  /** For the bridge that began them. */
  readonly forBridge: number
  /** For a row, or for another commit to be done with what they need. */
  readonly forLock: number
  /** For the disk: the flush of a commit, mostly. */
  readonly forDisk: number
}

export interface PostgresProbe {
  figures(): Promise<PostgresFigures>
  /** Looks at the transactions of a database again and again until the signal. */
  waitsIn(database: string, until: AbortSignal): Promise<PostgresWaits>
  /** Connections to a database, those that are idle included. */
  connectionsTo(database: string): Promise<number>
  close(): Promise<void>
}

const BETWEEN_LOOKS_MS = 25
const UNDER_WAY = `
  select case when state <> 'active' then 'forBridge'
      when wait_event is null then 'running'
      when wait_event_type = 'IO' or wait_event like 'WAL%' then 'forDisk'
      when wait_event_type in ('Lock', 'LWLock') then 'forLock' else 'running' end as at,
    count(*) as n
  from pg_stat_activity where datname = $1 and xact_start is not null group by 1`

export async function probePostgres(url: string): Promise<PostgresProbe> {
  const client = new pg.Client({ connectionString: url })
  // Of a server that ends while a failed run is cleaned up; a question in between fails by itself.
  client.on('error', () => {})
  await client.connect()
  const ask = async (text: string, values: readonly string[] = []): Promise<string> => {
    const { rows } = await client.query({ text, values: [...values], rowMode: 'array' })
    return String(rows[0]?.[0])
  }
  const file = await ask(`select pg_read_file('postmaster.pid')`)
  const postmaster = Number(file.split('\n', 1)[0])
  return {
    figures: async () => ({
      cpuMs: cpuMsOfFamily(postmaster),
      commits: Number(await ask('select sum(xact_commit) from pg_stat_database')),
      walBytes: Number(await ask(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')`)),
    }),
    waitsIn: async (database, until) => {
      const sums = { running: 0, forBridge: 0, forLock: 0, forDisk: 0 }
      let looks = 0
      while (!until.aborted) {
        const { rows } = await client.query<{
          readonly at: keyof PostgresWaits
          readonly n: string
        }>(UNDER_WAY, [database])
        looks += 1
        for (const { at, n } of rows) sums[at] += Number(n)
        await setTimeout(BETWEEN_LOOKS_MS)
      }
      const means = Object.entries(sums).map(([at, sum]) => [at, sum / Math.max(looks, 1)])
      return Object.fromEntries(means) as PostgresWaits
    },
    connectionsTo: async (database) =>
      Number(await ask('select count(*) from pg_stat_activity where datname = $1', [database])),
    close: () => client.end(),
  }
}

/** Fields of `/proc/<pid>/stat` behind the name; Linux counts in hundredths of a second. */
const PARENT = 1
const OWN = [11, 12]
const OF_CHILDREN = [13, 14]

function cpuMsOfFamily(parent: number): number {
  let ticks = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const fields = statOf(pid)
    const isParent = Number(pid) === parent
    if (!isParent && Number(fields[PARENT]) !== parent) continue
    for (const field of isParent ? [...OWN, ...OF_CHILDREN] : OWN) ticks += Number(fields[field])
  }
  return 10 * ticks
}

/** None of a process that ended meanwhile. */
function statOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  } catch {
    return []
  }
}
