/**
 * The commands over stored data as processes: a store filled by replaying every recording through a
 * real bridge, and what the commands say of it.
 */
import { readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHome, type Finished } from './cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import {
  isEventful,
  jsonRecordingNames,
  recording,
  replay,
  type Truth,
} from './corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { isOnPostgres, shownPlace, storeSettings, unusedStoreSettings } from './store.ts'

const recorded = jsonRecordingNames.flatMap((name) => Object.entries(recording(name).truth))
/** Those that are listed, and the one that `claude --continue` threw away. */
const truths: Readonly<Record<string, Truth>> = Object.fromEntries(
  recorded.filter(([, truth]) => isEventful(truth)),
)
const [EMPTY_ID = ''] = recorded.find(([, truth]) => !isEventful(truth)) ?? []
const sessionIds = Object.keys(truths)
const [TOOLS_ID = ''] = Object.keys(recording('tools').truth)

let dataDir: string
let first: LangfuseStandIn
beforeAll(async () => {
  first = await createLangfuseStandIn()
  dataDir = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(dataDir, first))
  for (const name of jsonRecordingNames) await replay(bridge.url, recording(name))
  await bridge.stop()
})
afterAll(async () => {
  await first.close()
  removeFolder(dataDir)
})

/** The bridge's port is one that nobody listens on. */
function run(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const environment = { ...storeSettings(dataDir), OTLP_RECEIVER_PORT: '9', TZ: 'UTC' }
  return createHome().start(args, { ...environment, ...variables })
}

async function json(args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await run(args)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

test('report tells the return by what is assumed', async () => {
  const range = ['--since', '2026-11-01', '--until', '2026-12-01']
  const assumed = ['--roi-minutes-per-commit', '30', '--roi-hourly-rate', '90']
  const { roi, totals } = (await json(['report', '--json', ...range, ...assumed])) as {
    readonly roi: Readonly<Record<string, unknown>>
    readonly totals: { readonly costUsd: number; readonly commits: number }
  }
  const { commits, costUsd } = totals
  expect(commits).toBeGreaterThan(0)
  expect(roi).toMatchObject({
    ...{ paidUsd: costUsd, hoursSaved: commits / 2, valueUsd: commits * 45 },
    perCommitUsd: expect.closeTo(costUsd / commits, 6),
    netUsd: expect.closeTo(commits * 45 - costUsd, 6),
    assumed: { saved: { unit: 'commit', minutes: 30 }, hourlyUsd: 90 },
  })
  const text = await run(['report', ...range, ...assumed])
  expect(text.stdout).toMatch(
    /^Return\nPaid .*\n(?:.*\n)*Assumed +30 minutes saved per commit, \$90/m,
  )
  expect(await json(['report', '--json', ...range])).not.toHaveProperty('roi')
  for (const wrong of [
    [...assumed, '--roi-minutes-per-pr', '60'],
    ['--roi-hourly-rate', '90'],
    ['--roi-plan-price', '-1'],
  ]) {
    expect(await run(['report', ...wrong])).toMatchObject({ code: 2, stdout: '' })
  }
})

test('sessions add up to their truth', async () => {
  const rows = (await json(['sessions', '--json', '-n', '1000'])) as Record<string, unknown>[]
  const found = new Map(rows.map((row) => [row.session, row]))
  for (const [id, truth] of Object.entries(truths)) {
    expect(found.get(id), id).toMatchObject({
      cost_usd: expect.closeTo(truth.cost_usd, 6),
      input_tokens: truth.input_tokens,
      output_tokens: truth.output_tokens,
      cache_read_tokens: truth.cache_read_tokens,
      cache_creation_tokens: truth.cache_creation_tokens,
      model_calls: truth.api_requests,
      tool_results: truth.tool_results,
      errors: truth.api_errors + truth.tool_failures,
    })
  }
})

test('a session in which nothing happened is in no list, and can be looked up and exported', async () => {
  const rows = (await json(['sessions', '--json', '-n', '1000'])) as Record<string, unknown>[]
  expect(rows.map((row) => row.session)).not.toContain(EMPTY_ID)
  const looked = await json(['session', EMPTY_ID, '--json'])
  expect(looked).toMatchObject({ session: { sessionId: EMPTY_ID, prompts: 0 }, scores: [] })
  const { stdout } = await run(['export', EMPTY_ID])
  expect(stdout.trimEnd().split('\n').length).toBeGreaterThan(3)
})

test('a report adds up to the truth, in every format and split', async () => {
  const sum = (field: 'cost_usd' | 'api_requests') =>
    sessionIds.reduce((total, id) => total + (truths[id]?.[field] ?? 0), 0)
  const range = ['--since', '2000-01-01', '--by', 'month']
  const [nameless] = (await json(['sessions', '--json', '--search', 'no-session'])) as {
    readonly cost_usd: number
  }[]
  const withoutId = nameless?.cost_usd ?? 0
  for (const split of [
    [],
    ['--group', 'model'],
    ['--group', 'user'],
    ['--group', 'project'],
    ['--group', 'project,model'],
  ]) {
    const report = (await json(['report', '--format', 'json', ...range, ...split])) as {
      readonly totals: { readonly costUsd: number; readonly modelCalls: number }
      readonly rows: readonly { readonly costUsd: number; readonly modelCalls: number }[]
    }
    const ofRows = (field: 'costUsd' | 'modelCalls') =>
      report.rows.reduce((total, row) => total + row[field], 0)
    expect(report.totals.costUsd).toBeCloseTo(sum('cost_usd') + withoutId, 6)
    expect(ofRows('costUsd'), split.join(' ')).toBeCloseTo(report.totals.costUsd, 6)
    expect(ofRows('modelCalls')).toBe(report.totals.modelCalls)
  }
  const pairs = ['--group', 'user,model', '--format']
  const csv = await run(['report', ...range, ...pairs, 'csv'])
  expect(csv.stdout).toMatch(/^month,user,model,cost_usd,/)
  const table = await run(['report', ...range, ...pairs, 'markdown'])
  expect(table.stdout).toMatch(/\| MONTH \| USER \| MODEL \| COST \|/)
  expect(await run(['report', '--group', 'user,nothing'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected one or two of model, agent, user'),
  })
  const whole = (await json(['report', ...range, '--json'])) as {
    readonly byModel: readonly { readonly name: string }[]
  }
  const model = whole.byModel[0]?.name ?? ''
  const where = ['--where', `model=${model}`]
  const filtered = (await json(['report', ...range, ...where, '--json'])) as {
    readonly totals: { readonly costUsd: number; readonly sessions: number }
    readonly byModel: readonly { readonly name: string; readonly costUsd: number }[]
  }
  expect(filtered.byModel.map(({ name }) => name)).toEqual([model])
  expect(filtered.byModel[0]?.costUsd).toBe(filtered.totals.costUsd)
  const listed = (await json(['sessions', ...where, '--json'])) as readonly unknown[]
  expect(listed).toHaveLength(filtered.totals.sessions)
  expect(await run(['sessions', '--where', 'nothing=x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected <group>=<name>'),
  })
  const { stdout } = await run(['report', '--format', 'csv', ...range])
  expect(stdout.split('\n')[0]).toBe(
    'month,cost_usd,input_tokens,output_tokens,cache_read_tokens,cache_creation_tokens,sessions,model_calls,estimated_usd,metrics_usd,unpriced_calls',
  )
  const markdown = await run(['report', '--format', 'markdown', ...range])
  expect(markdown.stdout).toMatch(
    /^## What agents cost from .*\n\$.* tokens, .* sessions.*\n.*\| MONTH \|/s,
  )
})

describe('one session', () => {
  test('shows the rows of a prompt, each with what it was used for', async () => {
    const id = TOOLS_ID.slice(0, 8)
    const { code, stdout } = await run(['session', id, '--turn', 'last'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Prompt 1 .*\[\[tools\]\]/)
    for (const row of [/tool +Bash +echo hello from bash/, /tool +Write +\/\S+\/hello\.txt/]) {
      expect(stdout).toMatch(row)
    }
    const told = (await json(['session', id, '--turn', '1', '--json'])) as {
      readonly turn: { readonly ordinal: number }
      readonly items: readonly { readonly kind: string; readonly summary: string | null }[]
    }
    expect(told.turn.ordinal).toBe(1)
    expect(told.items.filter(({ kind }) => kind === 'tool').map(({ summary }) => summary)).toEqual([
      'echo hello from bash',
      ...Array.from({ length: 3 }, () => expect.stringMatching(/hello\.txt$/) as string),
    ])
    expect(await run(['session', id, '--turn', '7'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no prompt 7'),
    })
    expect(await run(['session', id, '--turn', 'x'])).toMatchObject({ code: 2 })
  })

  test('by the beginning of its id, as a card', async () => {
    const { code, stdout } = await run(
      ['session', TOOLS_ID.slice(0, 8)],
      bridgeEnvironment(dataDir, first),
    )
    const truth = truths[TOOLS_ID] as Truth
    expect(code).toBe(0)
    expect(stdout).toContain(TOOLS_ID)
    expect(stdout).toContain(`${first.url}/project/stand-in/sessions/${TOOLS_ID}`)
    expect(stdout).toMatch(new RegExp(`^Cost +\\$${truth.cost_usd.toFixed(2)}$`, 'm'))
    expect(stdout).toMatch(
      new RegExp(`^Work +\\+${truth.lines_added} −${truth.lines_removed} lines`, 'm'),
    )
    expect(stdout).toMatch(/^Bash +\d/m)
    expect(stdout).toMatch(/^Scores +quality \d+/m)
  })

  test('the newest', async () => {
    const rows = (await json(['sessions', '--json', '-n', '1'])) as Record<string, unknown>[]
    const shown = await json(['session', '--last', '--json'])
    expect(shown).toMatchObject({ session: { sessionId: rows[0]?.session } })
  })

  test.each([
    [['session', 'nothing'], 1, /no session id starts with "nothing"/],
    [['session'], 2, /takes either an id or --last/],
    [['session', 'x', '--last'], 2, /takes either an id or --last/],
    [['sessions', '--since', 'soon'], 2, /Expected 30m, 24h/],
    [['sessions', '--tz', 'Vienna'], 2, /Expected a time zone/],
    [['sessions', '--attribute', 'team'], 2, /Expected key=value/],
    [['replay'], 2, /takes either sessions .* or --all/],
    [['prune', '--older-than', 'x'], 2, /Expected a whole number/],
    [
      ['delete', TOOLS_ID],
      1,
      /this needs confirmation, and there is no terminal to ask on\nPass --yes/,
    ],
  ])('%j is explained', async (args, code, says) => {
    expect(await run(args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) })
  })

  test.each([['sessions'], ['report'], ['session --last'], ['export'], ['tail --no-follow']])(
    '%s without data says what to do',
    async (line) => {
      const folder = temporaryFolder()
      const ran = await run(line.split(' '), unusedStoreSettings(folder))
      removeFolder(folder)
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toMatch(
        isOnPostgres
          ? /holds no data of claude-telemetry yet/
          : /There is no database .*Set DATA_DIR.*\n(.*\n)?.*claude-telemetry import/s,
      )
    },
  )
})

test('what is piped has no colours, and its lines are whole', async () => {
  const { stdout } = await run(['sessions', '-n', '1000'])
  expect(stdout).not.toContain('\u001b')
  for (const id of sessionIds) expect(stdout).toContain(id)
})

test('export writes every record once, to a file for its owner alone', async () => {
  const home = createHome()
  const file = home.path('out.jsonl')
  const variables = { ...storeSettings(dataDir), TZ: 'UTC' }
  const ran = await home.start(['export', TOOLS_ID, '-o', file], variables)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(ran).toMatchObject({
    code: 0,
    stdout: '',
    stderr:
      `Data      ${shownPlace(dataDir)} in the environment)\nFile      ${file}  (--output)\n` +
      `Exported ${lines.length} records of 1 session.\n`,
  })
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const logs = records.filter(({ signal }) => signal === 'log')
  const events = Object.values((truths[TOOLS_ID] as Truth).events)
  expect(logs).toHaveLength(events.reduce((a, b) => a + b))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = await home.start(['export', TOOLS_ID, '-o', file], variables)
  expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/exists; pass --force/) })
  const piped = await home.start(['export', TOOLS_ID], variables)
  expect(piped.stdout).toBe(readFileSync(file, 'utf8'))
})

describe('replay', () => {
  test('into another project it gives what the first delivery gave, under the same ids', async () => {
    const second = await createLangfuseStandIn()
    const target = [
      '--host',
      second.url,
      '--public-key',
      'pk-lf-stand-in',
      '--secret-key',
      'sk-lf-stand-in',
    ]
    const ran = await run(['replay', '--all', ...target])
    await second.close()
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const key = ({
      traceId,
      spanId,
      name,
      startMs,
    }: {
      traceId: string
      spanId: string
      name: string
      startMs: number
    }) => `${traceId} ${spanId} ${name} ${startMs}`
    expect(second.spans().map(key).sort()).toEqual(first.spans().map(key).sort())
    const scores = (langfuse: LangfuseStandIn) =>
      langfuse
        .scores()
        .map(({ id, name, value }) => `${id} ${name} ${value}`)
        .sort()
    expect(scores(second)).toEqual(scores(first))
    expect(ran.stdout).toContain(`Delivered ${second.spans().length} observations`)
  })

  test('a dry run counts the same and sends nothing', async () => {
    const ran = await run(['replay', TOOLS_ID, '--dry-run'])
    const spans = first.spans().filter(({ attributes }) => attributes['session.id'] === TOOLS_ID)
    expect(ran.stdout).toMatch(
      new RegExp(`^Would deliver ${spans.length} observations and \\d+ scores`),
    )
  })

  test('wrong keys end it at once, with the reason', async () => {
    const target = [
      '--host',
      first.url,
      '--public-key',
      'pk-lf-other',
      '--secret-key',
      'sk-lf-other',
    ]
    const ran = await run(['replay', TOOLS_ID, ...target])
    expect(ran).toMatchObject({
      code: 1,
      stdout: `Langfuse  ${first.url}  (--host; keys: --secret-key)\n`,
    })
    expect(ran.stderr).toMatch(/ did not accept everything: HTTP 401.*\nRun it again/)
    expect(ran.stderr).not.toContain('sk-lf-other')
  })
})

test('the feed is told from the data where no bridge runs', async () => {
  const { stdout } = await run(['tail', '--no-follow', '--session', TOOLS_ID, '-n', '1000'])
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}[0-9a-f]{8} {2}\w+/)
  expect(lines.filter((line) => / {2}tool {6}/.test(line))).toHaveLength(
    (truths[TOOLS_ID] as Truth).tool_results,
  )
})

test('status without a bridge says so, and what is stored', async () => {
  const { code, stdout } = await run(['status'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^Bridge +none: http:\/\/127\.0\.0\.1:9 does not answer/)
  expect(stdout).toMatch(/^Open +0 sessions$/m)
})
