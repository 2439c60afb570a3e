/** `reconcile` over recordings of which there is telemetry and the transcript of the same run. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type {
  ReconciledDay,
  ReconciledSession,
} from '../../../src/reports/reconcile/reconciliation.ts'
import { createHome, type Home } from '../cli/home.ts'
import { runBridge } from '../cli/patient.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { importInto, postTelemetry } from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')
const truthOf = (name: string) =>
  JSON.parse(readFileSync(join(corpus, name, 'truth.json'), 'utf8')) as Record<
    string,
    { api_requests: number; cost_usd: number; input_tokens: number; output_tokens: number }
  >

const cleanUp: (() => unknown)[] = []
let home: Home
let url: string
let variables: Readonly<Record<string, string>>
beforeEach(async () => {
  home = createHome()
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const bridge = await runBridge(dataDir, undefined)
  cleanUp.push(() => bridge.stop())
  url = `http://127.0.0.1:${bridge.port}`
  variables = bridge.variables
})
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Reconciled {
  readonly sessions: readonly ReconciledSession[]
  readonly days: readonly ReconciledDay[]
}

async function reconciled(...args: readonly string[]): Promise<Reconciled> {
  const { code, stdout, stderr } = await home.start(['reconcile', ...args, '--json'], variables)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Reconciled
}

const causesOf = (session: ReconciledSession | undefined) =>
  session?.differences.map(({ cause }) => cause) ?? []

test('telemetry and transcript of one run are the same, and cost what the agent says', async () => {
  await postTelemetry(url, join(corpus, '2.1.329-tools/otlp'))
  await importInto(url, [join(corpus, '2.1.329-tools/projects')])
  const [[id, truth] = ['', undefined]] = Object.entries(truthOf('2.1.329-tools'))
  const { sessions, days } = await reconciled(id)
  const figures = {
    calls: truth?.api_requests,
    input: truth?.input_tokens,
    output: truth?.output_tokens,
  }
  expect(sessions).toMatchObject([{ telemetry: figures, transcript: figures, total: figures }])
  expect(sessions[0]?.total.costUsd).toBeCloseTo(truth?.cost_usd ?? 0, 6)
  expect(sessions[0]?.transcript?.costUsd).toBeCloseTo(truth?.cost_usd ?? 0, 6)
  expect(sessions[0]?.agentTotalUsd).toBeCloseTo(truth?.cost_usd ?? 0, 6)
  expect(causesOf(sessions[0])).toEqual([])
  expect(days).toMatchObject([{ total: figures, provider: null }])
})

test('a resumed session tells of its copies, and of the total that has its origin in it', async () => {
  await postTelemetry(url, join(corpus, '2.1.329-resume/otlp'))
  await importInto(url, [join(corpus, '2.1.329-resume/projects')])
  const { sessions, days } = await reconciled('--since', '2020-01-01')
  const truth = truthOf('2.1.329-resume')
  for (const session of sessions) {
    const { api_requests = 0, cost_usd = 0 } = truth[session.sessionId] ?? {}
    expect(session.total.calls, session.sessionId).toBe(api_requests)
    expect(session.total.costUsd, session.sessionId).toBeCloseTo(cost_usd, 6)
  }
  const fork = sessions.find(({ sessionId }) => sessionId.startsWith('09388334'))
  expect(fork?.notes).toEqual([expect.stringMatching(/resumed or forked/)])
  // The file says 0.12820399999999998.
  expect(fork?.agentTotalUsd).toBe(0.128204)
  const calls = Object.values(truth).reduce((sum, { api_requests }) => sum + api_requests, 0)
  expect(days.reduce((sum, { total }) => sum + total.calls, 0)).toBe(calls)
})

test('the fork is the one that goes on with another session', async () => {
  await importInto(url, [join(corpus, '2.0.77-resume/projects')])
  const { sessions } = await reconciled('--since', '2020-01-01')
  const noted = sessions.filter(({ notes }) => notes.length > 0)
  expect(noted.map(({ sessionId }) => sessionId.slice(0, 8))).toEqual(['88c1e828'])
})

test('a session whose content came later goes on with none', async () => {
  const paths = [join(corpus, '2.1.329-compaction/projects')]
  await importInto(url, paths, { content: 'drop' })
  await importInto(url, paths, { again: true })
  const { sessions } = await reconciled('--since', '2020-01-01')
  expect(sessions.map(({ notes }) => notes)).toEqual([[]])
  const causes = sessions.flatMap(causesOf)
  expect(causes.filter((cause) => /resumed or forked/.test(cause))).toEqual([])
})

test('names calls that only one side has', async () => {
  await importInto(url, [join(corpus, '2.1.329-compaction/projects')])
  await postTelemetry(url, join(corpus, '2.1.329-subagent/otlp'))
  const { sessions } = await reconciled('--since', '2020-01-01')
  const causes = new Map(
    sessions.map((session) => [session.sessionId.slice(0, 8), causesOf(session)]),
  )
  expect(causes.get('c197300c')).toContainEqual(expect.stringMatching(/no telemetry was received/))
  expect(causes.get('bafd4431')).toContainEqual(expect.stringMatching(/no transcript was imported/))
})

test('says a cause once for all sessions that have it, and which side has more', async () => {
  for (const name of ['2.1.329-tools', '2.1.329-resume']) {
    await importInto(url, [join(corpus, name, 'projects')])
  }
  const { code, stdout } = await home.start(['reconcile', '--since', '2020-01-01'], variables)
  expect(code).toBe(0)
  expect(stdout.match(/no telemetry was received/g)).toHaveLength(1)
  expect(stdout).toMatch(
    /^telemetry has 10 calls, \$[\d.]+, [\d.]+K tokens less than transcript: no/m,
  )
  expect(stdout).toMatch(/^ {2}3 sessions: \w{8}, \w{8}, \w{8}$/m)
  // Telemetry reports nothing of those days, which is not $0.00.
  expect(stdout).toMatch(/^2026-11-2\d +- +- +10 /m)
})

test('compares days with what the provider says', async () => {
  await postTelemetry(url, join(corpus, '2.1.329-tools/otlp'))
  const file = home.path('usage.csv')
  const header = 'usage_date_utc,model_version,usage_input_tokens_no_cache,usage_output_tokens'
  const { days: own } = await reconciled('--since', '2020-01-01', '--tz', 'UTC')
  const [day] = own
  const date = day?.date ?? ''
  const { input = 0, output = 0, cacheRead = 0, cacheCreation = 0 } = day?.total ?? {}
  const all = input + output + cacheRead + cacheCreation
  writeFileSync(file, `${header}\n${date},opus,${all},0\n2020-01-01,opus,5,5\n`)
  const { days } = await reconciled('--usage-csv', file)
  expect(days).toMatchObject([
    {
      date: '2020-01-01',
      cause: expect.stringMatching(/was installed, or on another machine/),
      provider: { tokens: 10 },
    },
    { date, cause: null, provider: { tokens: all } },
  ])
  const text = await home.start(['reconcile', '--usage-csv', file], variables)
  expect(text.code).toBe(0)
  expect(text.stdout).toMatch(/2020-01-01: nothing of that day is stored/)
  writeFileSync(file, 'a,b\n')
  const wrong = await home.start(['reconcile', '--usage-csv', file], variables)
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/usage_date_utc/)])
})
