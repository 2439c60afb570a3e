/**
 * Lists and reports over more than fits them: what is left out of one is said, what programs read is
 * whole, the range is the one asked for, and the figures are those of the API. Exit codes of commands
 * that find nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Overview } from '../../src/api/contract/overview.ts'
import { runOnScreen, type JsonValue } from './cli/screen.ts'
import { post, toolResult, turn } from './cli/telemetry.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { storeSettings } from './store.ts'

const DAY_MS = 86_400_000
const [SESSIONS, USERS, MODELS, TOOLS] = [153, 43, 25, 60]
/** Noon, three days ago, and as long before that again. */
const daysMs = [3, 6].map((days) => new Date(Date.now() - days * DAY_MS).setUTCHours(12, 0, 0, 0))
const costOf = (index: number) => (index + 1) / 64

/** A third of the calls is made for nothing that is named. */
const SKILLS = 3
const madeFor = (index: number): Record<string, string> =>
  index % SKILLS === 0 ? {} : { 'skill.name': `skill-${index % SKILLS}` }

let bridge: TestBridge
let variables: Record<string, string>
beforeAll(async () => {
  bridge = await startBridge(bridgeEnvironment(temporaryFolder()))
  await post(
    bridge.url,
    Array.from({ length: SESSIONS }, (_, index) => ({
      id: `session-${index}`,
      userId: `user-${index % USERS}`,
      atMs: daysMs[index % 2] ?? 0,
      events: [
        ...turn(`prompt ${index}`, costOf(index), `model-${index % MODELS}`, madeFor(index)),
        toolResult(`tool-${index % TOOLS}`),
      ],
    })),
  )
  variables = {
    ...storeSettings(bridge.dataDir),
    OTLP_RECEIVER_PORT: new URL(bridge.url).port,
    TZ: 'UTC',
  }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
})

const run = (line: string): Promise<JsonValue> =>
  runOnScreen(line.split(' '), variables, { isTTY: false })

async function linesOf(line: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(line)
  expect([code, stderr]).toEqual([0, ''])
  return stdout.trimEnd().split('\n')
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

describe('sessions', () => {
  test.each([
    ['sessions', 20, '20 of 153 sessions; --limit N or --all'],
    ['sessions -n 152', 152, '152 of 153 sessions; --limit N or --all'],
    ['sessions -n 153', 153, undefined],
    ['sessions --all', 153, undefined],
    ['sessions --user user-1 -n 2', 2, '2 of 4 sessions; --limit N or --all'],
    ['sessions --search prompt -n 2', 2, '2 of 153 sessions; --limit N or --all'],
  ])('%s lists %d', async (line, count, note) => {
    const [, ...rows] = await linesOf(line)
    expect(rows.filter((row) => row.startsWith('session-'))).toHaveLength(count)
    expect(rows.slice(count)).toEqual(note === undefined ? [] : [note])
  })

  test('in the formats of programs it is whole, and as many as asked for', async () => {
    const json = async (line: string) => JSON.parse((await run(line)).stdout) as unknown[]
    expect(await json('sessions --json')).toHaveLength(SESSIONS)
    expect(await json('sessions --format json -n 7')).toHaveLength(7)
    expect(await linesOf('sessions --format csv')).toHaveLength(1 + SESSIONS)
    const markdown = await linesOf('sessions --format markdown')
    expect(markdown.at(-1)).toBe('20 of 153 sessions; --limit N or --all')
  })
})

describe('report', () => {
  interface Report {
    readonly from: string
    readonly to: string
    readonly totals: Overview['totals']
    readonly previous: Overview['previous']
    readonly cache: Overview['cache']
    readonly rows: readonly {
      readonly day: string
      readonly name: string | null
      readonly costUsd: number
      readonly sessions: number
      readonly modelCalls: number
    }[]
    readonly byUser: Overview['byUser']
    readonly byModel: Overview['byModel']
    readonly tools: readonly { readonly tool: string; readonly results: number }[]
    readonly mostExpensive: readonly { readonly cost_usd: number }[]
  }
  const report = async (more = '') =>
    JSON.parse((await run(`report --json --since 10d ${more}`.trim())).stdout) as Report

  test('as JSON it is whole, and says what the API says of the same range', async () => {
    const told = await report()
    const [from, to] = [Date.parse(told.from), Date.parse(told.to)]
    const answer = await fetch(`${bridge.url}/api/overview?from=${from}&to=${to}&tz=UTC`)
    const overview = (await answer.json()) as Overview
    expect(told).toMatchObject({
      totals: overview.totals,
      previous: overview.previous,
      cache: overview.cache,
    })
    expect(told.rows.map(({ costUsd }) => costUsd)).toEqual(
      overview.series.map(({ costUsd }) => costUsd),
    )
    // The API puts what is beyond the first ones together.
    expect(told.byUser.slice(0, 19)).toEqual(overview.byUser.slice(0, 19))
    expect([told.byUser.length, told.byModel.length]).toEqual([USERS, MODELS])
    expect(new Set(told.tools.map(({ tool }) => tool)).size).toBe(TOOLS)
    expect(told.mostExpensive.map(({ cost_usd }) => cost_usd)).toEqual(
      Array.from({ length: SESSIONS }, (_, index) => costOf(SESSIONS - 1 - index)),
    )
  })

  test.each(['user', 'model', 'skill'])(
    'split by %s nobody is missing from any format',
    async (group) => {
      const expected = { user: USERS, model: MODELS, skill: SKILLS }[group]
      const told = await report(`--group ${group}`)
      const csv = await linesOf(`report --since 10d --format csv --group ${group}`)
      const cells = csv.slice(1).map((line) => line.split(','))
      expect(cells.map(([day, name]) => [day, name])).toEqual(
        told.rows.map(({ day, name }) => [day, name ?? '']),
      )
      for (const dayMs of daysMs) {
        const ofDay = told.rows.filter(({ day }) => day === dateOf(dayMs))
        expect(new Set(ofDay.map(({ name }) => name)).size).toBe(expected)
      }
      expect(sum(told.rows.map(({ costUsd }) => costUsd))).toBe(told.totals.costUsd)
      expect(sum(cells.map(([, , cost]) => Number(cost)))).toBe(told.totals.costUsd)
    },
  )

  test('a table says what is left out, with its sum', async () => {
    const lines = await linesOf('report --since 10d --group user --limit 40')
    const more = lines.filter((line) => /^\d{4}-\d\d-\d\d {2}… and 3 more /.test(line))
    expect(more).toHaveLength(2)
    const usd = (line = '') => Number(/\$([\d.]+)/.exec(line)?.[1])
    const ofDays = lines.filter((line) => /^\d{4}-\d\d-\d\d {2}(user-|…)/.test(line))
    const all = sum(Array.from({ length: SESSIONS }, (_, index) => costOf(index)))
    expect(sum(ofDays.map(usd))).toBeCloseTo(all, 0)
    expect(lines).toContain(
      'Each day lists its 40 most expensive users; --all, --limit N or --json shows the rest.',
    )
    expect(lines).toContain('… and 20 more tools; --all, --limit N or --json shows the rest.')
    const restUsd = sum(Array.from({ length: SESSIONS - 40 }, (_, index) => costOf(index)))
    expect(lines).toContain(
      `… and 113 more sessions (together $${restUsd.toFixed(2)}); --all, --limit N or --json shows the rest.`,
    )
    expect((await linesOf('report --since 10d --group user --all')).join('\n')).not.toMatch(
      /more|shows the rest/,
    )
  })

  test('Markdown says it as well', async () => {
    const lines = await linesOf('report --since 10d --group user --format markdown')
    expect(lines.filter((line) => /\| … and 23 more \|/.test(line))).toHaveLength(2)
    expect(lines).toContain('… and 50 more tools; --all, --limit N or --json shows the rest.')
  })

  test('the range is the one asked for, with its empty days', async () => {
    const csv = await linesOf('report --format csv --since 10d')
    const days = Array.from({ length: 11 }, (_, index) =>
      dateOf(Date.now() - (10 - index) * DAY_MS),
    )
    expect(csv.slice(1).map((line) => line.split(',')[0])).toEqual(days)
    const [title] = await linesOf('report --since 10d')
    expect(title).toMatch(
      new RegExp(
        String.raw`^What agents cost from ${days[0]} \d\d:(00|15|30|45) to ${days.at(-1)} \d\d:\d\d$`,
      ),
    )
  })

  test('it is told with nothing in it, too', async () => {
    const range = '--since 2020-02-01 --until 2020-03-01'
    expect(await linesOf(`report ${range}`)).toEqual([
      'What agents cost from 2020-02-01 to 2020-02-29',
      '$0.00, 0 tokens, 0 sessions, 0 prompts',
      '',
      'Nothing was recorded in this time.',
    ])
    expect(await linesOf(`report ${range} --format csv`)).toHaveLength(1 + 29)
    const json = JSON.parse((await run(`report ${range} --json --group user`)).stdout) as Report
    expect([json.from, json.to]).toEqual(['2020-02-01T00:00:00.000Z', '2020-03-01T00:00:00.000Z'])
    expect(json.rows).toHaveLength(29)
    expect(json.rows.every(({ name, costUsd }) => name === null && costUsd === 0)).toBe(true)
  })

  test('decades by day are whole for a program, and short for a person', async () => {
    const csv = await linesOf('report --since 2000-01-01 --format csv')
    expect(csv.length).toBeGreaterThan(9000)
    expect(csv[1]).toMatch(/^2000-01-01,0,/)
    const lines = await linesOf('report --since 2000-01-01')
    expect(lines.find((line) => line.startsWith('2000'))).toMatch(
      new RegExp(`^2000-01-01 to ${dateOf(Math.min(...daysMs) - DAY_MS)} +\\$0\\.00 `),
    )
  })

  test.each([
    ['report --since 2030-01-01', /ends before it begins/],
    ['report --since 2020-01-02 --until 2020-01-01', /ends before it begins/],
    ['report --since 1500-01-01', /more than 75000 days; use a later --since, or --by month/],
  ])('%s is explained', async (line, says) => {
    expect(await run(line)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(says),
    })
  })
})

describe('what is not there', () => {
  test.each([
    ['session nobody', 1, /no session id starts with "nobody"/],
    ['delete nobody --yes', 1, /no session id starts with "nobody"/],
    ['export nobody', 1, /no session id starts with "nobody"/],
    ['export --user nobody', 1, /no session matches/],
    ['replay nobody --dry-run', 1, /no session id starts with "nobody"/],
    ['replay --user nobody --dry-run', 1, /no session matches/],
    ['tail --no-follow --session nobody', 1, /no recent events of .*"nobody"/],
    ['outbox retry 999', 1, /no dead item has the id 999; 0 items put back/],
    ['outbox drop 999 1000', 1, /no dead item has the ids 999, 1000; 0 items dropped/],
    ['sessions --all -n 3', 2, /cannot be used with/],
    ['sessions --json --format csv', 2, /cannot be used with/],
    ['report --json --format csv', 2, /cannot be used with/],
  ])('%s: exit code %d', async (line, code, says) => {
    // Commands that change something name it first.
    expect(await run(line)).toMatchObject({
      code,
      stdout: expect.stringMatching(/^(Data .*\n)?$/),
      stderr: expect.stringMatching(says),
    })
  })

  test.each([
    ['sessions --user nobody', 'No session matches.\n'],
    ['sessions --user nobody --json', '[]\n'],
    ['outbox list', 'no dead items\n'],
    ['outbox list --json', '[]\n'],
    ['outbox retry --all', '0 items put back\n'],
    ['outbox drop --all', '0 items dropped\n'],
  ])('%s: a list or everything, exit code 0', async (line, says) => {
    const { code, stdout, stderr } = await run(line)
    expect({ code, stdout: stdout.replace(/^Data .*\n/, ''), stderr }).toEqual({
      code: 0,
      stdout: says,
      stderr: '',
    })
  })

  test('a replay of everything takes open sessions as far as they were sent', async () => {
    const target = {
      LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
      LANGFUSE_SECRET_KEY: 'sk-lf-1',
      LANGFUSE_HOST: 'http://127.0.0.1:9',
    }
    const { code, stdout } = await runOnScreen(
      ['replay', '--all', '--dry-run'],
      { ...variables, ...target },
      { isTTY: false },
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^Would deliver .*\nOf 153 open sessions, only what was sent so far\.\n$/,
    )
  })

  test.each([['session'], ['export'], ['replay'], ['delete']])(
    '%s with an empty id takes no other for it',
    async (command) => {
      const args = command === 'delete' ? [command, '', '--yes'] : [command, '']
      expect(await runOnScreen(args, variables, { isTTY: false })).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/the session id is empty/),
      })
    },
  )
})
