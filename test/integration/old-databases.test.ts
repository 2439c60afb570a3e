/** Databases that earlier programs left in the middle of turns: taken up, and nothing is missing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import type { UsageAnswer } from '../../src/api/contract/usage.ts'
import type { Overview, Share } from '../../src/api/contract/overview.ts'
import { addUsd } from '../../src/domain/exact-sum.ts'
import { USAGE_GROUPS } from '../../src/domain/usage-group.ts'
import type { App } from '../../src/app/app.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { expectTruth, expectTruthRetold, sessionOf } from './corpus/expect-truth.ts'
import { post, recording, type Truth } from './corpus/recording.ts'
import { runCommand } from './faults/run-command.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'
import { type OldDatabase, oldDatabases, startAfter, unpackDatabase } from './old-database.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Taken {
  readonly langfuse: LangfuseStandIn
  readonly dataDir: string
  readonly app: App
  readonly url: string
}

/** Today's program on such a database. */
async function takeUp(
  old: OldDatabase,
  spoil: (database: Database.Database) => void = () => {},
  prepare: (dataDir: string) => Promise<void> = async () => {},
): Promise<Taken> {
  const dataDir = temporaryFolder()
  const langfuse = await createLangfuseStandIn()
  cleanUp.push(
    () => removeFolder(dataDir),
    () => langfuse.close(),
  )
  const database = new Database(unpackDatabase(old, dataDir))
  spoil(database)
  database.close()
  await prepare(dataDir)
  return { langfuse, dataDir, ...(await startAfter(old, bridgeEnvironment(dataDir, langfuse))) }
}

/** As if every page with a state on it had been damaged. */
function spoilStates(database: Database.Database): void {
  const [apart] = database.pragma('table_info(session_states)') as unknown[]
  const table = apart === undefined ? 'sessions' : 'session_states'
  database.exec(`update ${table} set state = substr(state, 1, length(state) / 2)`)
}

const SECRET = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'

/** As if somebody had written a secret into prompts, wherever these came to stand. */
function writeSecret(database: Database.Database): void {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").pluck()
  for (const table of tables.all() as string[]) {
    const columns = database.pragma(`table_info(${table})`) as { name: string; type: string }[]
    for (const { name } of columns.filter(({ type }) => type.toLowerCase() === 'text')) {
      for (const words of ['the capital of France', 'Make a file and edit it']) {
        database
          .prepare(`update ${table} set ${name} = replace(${name}, ?, ?) where instr(${name}, ?)`)
          .run(words, `${words} ${SECRET}`, words)
      }
    }
  }
}

function isSecretIn(dataDir: string): boolean {
  const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)))
  return files.some(
    (bytes) =>
      bytes.includes(SECRET.slice(0, 20)) ||
      bytes.includes(SECRET.slice(20)) ||
      // As the index of the search has it.
      bytes.includes(SECRET.slice(8, 30).toLowerCase()),
  )
}

/** Everything a recording consists of, from the beginning: a client that heard no answer. */
async function postAll(url: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const request of recording(name).requests) expect(await post(url, request)).toBe(200)
  }
}

async function ask<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/${path}`)
  expect(response.status, path).toBe(200)
  return (await response.json()) as T
}

interface ListedSession {
  readonly key: string
  readonly title: string | null
}

describe.each(oldDatabases)('a database of $commit', (old) => {
  const names = Object.keys(old.posted)
  const truths = names.map((name) => recording(name).truth)
  const truth = Object.assign({}, ...truths) as Readonly<Record<string, Truth>>

  test('is taken up in the middle of its turns, and adds up', async () => {
    const { langfuse, app, url } = await takeUp(old)
    await postAll(url, names)
    await app.stop()
    expectTruth(langfuse, truth)
  })

  test.runIf(old.wholeRecords)('adds up as well when no state in it can be read', async () => {
    const { langfuse, app, url } = await takeUp(old, spoilStates)
    await postAll(url, names)
    await app.stop()
    expectTruthRetold(langfuse, truth)
  })

  test('is scrubbed as it is, and adds up as before', async () => {
    let secrets: Readonly<Record<string, number>> = {}
    const { langfuse, app, url, dataDir } = await takeUp(old, writeSecret, async (folder) => {
      expect(isSecretIn(folder)).toBe(true)
      const printed = await runCommand(folder, ['scrub', '--yes', '--json'])
      ;({ secrets } = JSON.parse(printed) as { secrets: typeof secrets })
      expect(isSecretIn(folder)).toBe(false)
      const again = await runCommand(folder, ['scrub', '--dry-run', '--json'])
      expect(JSON.parse(again)).toMatchObject({ secrets: {}, sessions: [] })
    })
    expect(Object.keys(secrets)).toEqual(['github-token'])
    await postAll(url, names)
    await app.stop()
    expectTruth(langfuse, truth)
    expect(isSecretIn(dataDir)).toBe(false)
    expect(JSON.stringify(langfuse.spans())).not.toContain(SECRET.slice(0, 20))
  })

  test('has its last closing: the session that was closed is told again as it was sent', async () => {
    const { langfuse, app, dataDir } = await takeUp(old)
    await app.stop()
    const [sessionId = ''] = Object.keys(recording('plain').truth)
    const idsOf = (of: LangfuseStandIn) =>
      of
        .spans()
        .filter((span) => sessionOf(span) === sessionId)
        .map(({ traceId, spanId, name }) => `${traceId} ${spanId} ${name}`)
        .sort()
    const second = await createLangfuseStandIn()
    cleanUp.push(() => second.close())
    const { publicKey, secretKey } = STAND_IN_KEYS
    const keys = ['--public-key', publicKey, '--secret-key', secretKey]
    await runCommand(dataDir, ['replay', sessionId, '--host', second.url, ...keys])
    expect(idsOf(second)).toEqual(idsOf(langfuse))
    const summary = second.spans().find(({ name }) => name === 'session-summary')
    expect(summary?.attributes['langfuse.observation.metadata.close_reason']).toBe('shutdown')
  })

  test('splits what calls cost by what they were made for, as far as its records say', async () => {
    const { app, url } = await takeUp(old)
    const { totals, ...overview } = await ask<Overview>(url, `overview?from=0&to=${old.stoppedMs}`)
    const names = (shares: readonly Share[]) => shares.map(({ name }) => name)
    for (const shares of [overview.byQuerySource, overview.bySubagentType, overview.byEffort]) {
      const costUsd = shares.reduce((sum, share) => sum + (share.costUsd ?? 0), 0)
      expect(costUsd).toBeCloseTo(totals.costUsd ?? 0, 9)
      expect(shares.reduce((sum, share) => sum + share.modelCalls, 0)).toBe(totals.modelCalls)
    }
    for (const { name: group } of USAGE_GROUPS) {
      const range = `from=0&to=${old.stoppedMs}`
      const usage = await ask<UsageAnswer>(
        url,
        `usage?${range}&group=${group === 'model' ? group : `${group},model`}&limit=1000`,
      )
      const costUsd = usage.rows.reduce((sum, row) => addUsd(sum, row.costUsd ?? 0), 0)
      expect(costUsd, group).toBe(totals.costUsd)
      expect(usage.totals.modelCalls, group).toBe(totals.modelCalls)
    }
    // One of its recordings is of a version that names no source.
    expect(names(overview.byQuerySource)).toEqual(expect.arrayContaining([null, 'sdk']))
    expect(names(overview.byEffort)).toContain('medium')
    expect(names(overview.byCostSource)).toEqual(['agent'])
    await app.stop()
  })

  test('finds its sessions by what they are called, and in a while by what their records tell', async () => {
    const { app, url } = await takeUp(old)
    interface Found {
      readonly sessions: readonly ListedSession[]
      readonly total: number
      readonly isIndexing?: boolean
    }
    const search = (query: string) =>
      ask<Found>(url, `sessions?empty=shown&search=${encodeURIComponent(query)}`)
    const all = await ask<Found>(url, 'sessions?empty=shown')
    expect(all.total).toBe(all.sessions.length)
    for (const { key, title } of all.sessions) {
      const byId = await search(key.slice(key.indexOf('/') + 1))
      expect(byId.sessions.map((session) => session.key)).toContain(key)
      if (title === null) continue
      const byTitle = await search(title.slice(0, 100))
      expect(
        byTitle.sessions.map((session) => session.key),
        title,
      ).toContain(key)
    }
    await expect.poll(async () => (await search('x')).isIndexing).toBe(false)
    expect((await search('Bash')).total).toBeGreaterThan(0)
    expect(
      (await search('claude-haiku')).total + (await search('claude-opus')).total,
    ).toBeGreaterThan(0)
    await app.stop()
  })

  test('shows its sessions, with what they are called and what they cost', async () => {
    const { app, url } = await takeUp(old)
    const before = await ask<{ readonly sessions: readonly ListedSession[] }>(url, 'sessions')
    await postAll(url, names)
    const after = await ask<{ readonly sessions: readonly ListedSession[] }>(url, 'sessions')
    const titles = new Map(after.sessions.map(({ key, title }) => [key, title]))
    const known = before.sessions.filter(({ title }) => title !== null)
    expect(known.length).toBeGreaterThan(0)
    for (const { key, title } of known) expect(titles.get(key), key).toBe(title)
    const { totals } = await ask<{ readonly totals: { readonly costUsd: number } }>(
      url,
      `overview?from=0&to=${old.stoppedMs}`,
    )
    const costs = Object.values(truth).map(({ cost_usd }) => cost_usd)
    expect(totals.costUsd).toBeCloseTo(
      costs.reduce((sum, cost) => sum + cost, 0),
      6,
    )
    for (const { key } of after.sessions) {
      const { turns } = await ask<{ readonly turns: readonly unknown[] }>(
        url,
        `sessions/${encodeURIComponent(key)}`,
      )
      expect(turns.length, key).toBeGreaterThan(0)
    }
    await app.stop()
  })
})
