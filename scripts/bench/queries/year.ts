/**
 * A year of a team's use, written straight into the tables: a million model calls in fifty
 * thousand sessions of thirty people. Raw records and states are left out, as they would be gigabytes
 * that only the page of one session reads; `run.ts` has the bridge take some real sessions in.
 */
import type Database from 'better-sqlite3'
import { rowTextsOf } from '../../../src/domain/search-texts.ts'
import { BUCKET_MS } from '../../../src/domain/usage.ts'
import { createRandom, type Random } from '../../fuzz/random.ts'
import { createRows, type Rows } from './year-rows.ts'

const DAY_MS = 86_400_000
const SESSIONS = 50_000
const CALLS_PER_SESSION = 20
const MODELS = ['claude-opus-5-5', 'claude-sonnet-5-1', 'claude-haiku-5-1'] as const
const PRICES_USD = [5e-6, 3e-6, 1e-6] as const
const TOOLS = ['Bash', 'Read', 'Edit', 'Grep', 'Write', 'Glob', 'Agent', 'WebFetch', 'TodoWrite']
const WORDS =
  'fix the flaky test in checkout and explain why it fails please add a migration for users'

/** What was written, for the record. */
export interface YearCounts {
  readonly sessions: number
  readonly modelCalls: number
  readonly usageRows: number
}

/** Fills an empty store with a year up to `endMs`. */
export function fillYear(
  database: Database.Database,
  endMs: number,
  sessions = SESSIONS,
): YearCounts {
  const random = createRandom(1)
  const rows = createRows(database)
  let modelCalls = 0
  let usageRows = 0
  database.exec('begin')
  for (let id = 1; id <= sessions; id += 1) {
    const dayMs = endMs - DAY_MS * (365 - Math.floor((id / sessions) * 365))
    const startMs = dayMs - DAY_MS + (8 + random.below(9)) * 3_600_000 + random.below(3_600_000)
    const written = writeSession(rows, random, id, startMs)
    modelCalls += written.calls
    usageRows += written.usageRows
    if (id % 5000 === 0) database.exec('commit; begin')
  }
  database.exec('commit')
  database.exec('analyze')
  return { sessions, modelCalls, usageRows }
}

/** One to four quarters of an hour, each with calls, tools and what metrics tell. */
function writeSession(rows: Rows, random: Random, id: number, startMs: number) {
  const quarters = 1 + random.below(4)
  const firstBucketMs = Math.floor(startMs / BUCKET_MS) * BUCKET_MS
  const session: Session = {
    id,
    person: random.below(30),
    startMs,
    lastMs: firstBucketMs + quarters * BUCKET_MS - 1,
    prompts: quarters * 2,
    branch: `feature/SHOP-${random.below(500)}`,
    totals: { calls: 0, cost: 0, input: 0, output: 0, reads: 0, writes: 0, tools: 0, errors: 0 },
  }
  // The session comes first: the others point at it.
  const usage: (() => unknown)[] = []
  for (let quarter = 0; quarter < quarters; quarter += 1) {
    const place = { id, bucketMs: firstBucketMs + quarter * BUCKET_MS }
    const calls = Math.ceil((CALLS_PER_SESSION - session.totals.calls) / (quarters - quarter))
    usage.push(...models(rows, random, { ...place, segment: quarter }, calls, session.totals))
    usage.push(...tools(rows, random, place, session.totals))
    usage.push(...activity(rows, random, place, quarter === quarters - 1))
  }
  writeHead(rows, random, session)
  usage.push(...work(rows, random, session, quarters))
  for (const write of usage) write()
  return { calls: session.totals.calls, usageRows: usage.length }
}

interface Totals {
  calls: number
  cost: number
  input: number
  output: number
  reads: number
  writes: number
  tools: number
  errors: number
}

interface Session {
  readonly id: number
  readonly person: number
  readonly startMs: number
  readonly lastMs: number
  readonly prompts: number
  readonly branch: string
  readonly totals: Totals
}

interface Place {
  readonly id: number
  readonly bucketMs: number
}

type Writes = (() => unknown)[]

/** One model, or two of which a subagent calls the smaller one three times. */
function models(
  rows: Rows,
  random: Random,
  place: Place & { readonly segment: number },
  calls: number,
  totals: Totals,
): Writes {
  const hasSubagent = random.chance(0.4) && calls > 3
  const used = hasSubagent
    ? [
        { model: 0, count: calls - 3 },
        { model: 2, count: 3 },
      ]
    : [{ model: random.below(2), count: calls }]
  return used.map(({ model, count }, index) => {
    const amount = (base: number): number =>
      Math.round((base * count * (50 + random.below(100))) / 2000)
    const [input, output] = [amount(2000), amount(8000)]
    const [reads, writes] = [amount(900_000), amount(40_000)]
    const price = PRICES_USD[model] ?? 0
    const cost = price * (input + 5 * output + 0.1 * reads + 1.25 * writes)
    const errors = random.chance(0.05) ? 1 : 0
    totals.calls += count
    totals.cost += cost
    totals.input += input
    totals.output += output
    totals.reads += reads
    totals.writes += writes
    totals.errors += errors
    const set = place.id + place.bucketMs / BUCKET_MS
    const dimensions = rows.dimensionsIn(set, index === 1, place.segment)
    const row = [place.id, place.bucketMs, MODELS[model], index, dimensions, count, errors, cost]
    return () => rows.model(...row, input, output, reads, writes, count * 4000)
  })
}

/** A commit each quarter of an hour but the last one, and a pull request in a third of the sessions. */
function work(rows: Rows, random: Random, session: Session, quarters: number): Writes {
  const { id, lastMs, branch } = session
  const repository = `acme/project-${id % 12}`
  const hasPullRequest = random.chance(0.33)
  return Array.from({ length: quarters }, (_, segment) => {
    const isLast = segment === quarters - 1
    const hash = (id * 4 + segment).toString(16).padStart(7, '0')
    const stretch = {
      repository,
      repositoryUrl: `https://github.com/${repository}`,
      branch,
      ...(!isLast && { commit: { name: hash, isHash: true, atMs: lastMs } }),
      ...(isLast &&
        hasPullRequest && {
          pullRequest: {
            name: `https://github.com/${repository}/pull/${id}`,
            isUrl: true,
            atMs: lastMs,
          },
        }),
    }
    const flag = isLast && hasPullRequest ? 1 : 0
    return () => rows.work(id, segment, flag, JSON.stringify(stretch))
  })
}

function tools(rows: Rows, random: Random, { id, bucketMs }: Place, totals: Totals): Writes {
  return TOOLS.filter(() => random.chance(0.35)).map((tool) => {
    const results = 1 + random.below(6)
    const failures = random.chance(0.15) ? 1 : 0
    totals.tools += results
    totals.errors += failures
    return () => rows.tool(id, bucketMs, tool, results, failures, 0, results * 300)
  })
}

function activity(rows: Rows, random: Random, { id, bucketMs }: Place, isLast: boolean): Writes {
  const edits = random.chance(0.7)
  const commits = isLast && random.chance(0.3)
  const measures: readonly (readonly [string, string, number])[] = [
    ['prompts', '', 1 + random.below(3)],
    ['active_time_s', 'user', random.below(200)],
    ['active_time_s', 'cli', random.below(600)],
    ['lines_of_code', 'added', edits ? random.below(200) : 0],
    ['lines_of_code', 'removed', edits ? random.below(80) : 0],
    ['edit_decision', 'accept', edits ? random.below(8) : 0],
    ['commits', '', commits ? 1 : 0],
  ]
  return measures
    .filter(([, , value]) => value > 0)
    .map((row) => () => rows.activity(id, bucketMs, ...row))
}

function writeHead(rows: Rows, random: Random, session: Session): void {
  const { id, person, startMs, lastMs, totals, prompts, branch } = session
  const sessionId = `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`
  const user = `person-${person}@example.com`
  const project = `project-${random.below(12)}`
  const team = `team-${person % 5}`
  const title = sentence(random, 10)
  rows.session(
    ...[id, `claude-code/${sessionId}`, 'claude-code', sessionId, user, title, project, team],
    ...['idle', startMs, lastMs, startMs, random.chance(0.3) ? lastMs : null, lastMs],
    ...[totals.cost, totals.input, totals.output, totals.reads, totals.writes],
    ...[prompts, totals.calls, totals.tools, totals.errors],
  )
  const attributes = {
    project,
    team,
    branch,
    cost_center: `cc-${person % 7}`,
    'deployment.environment.name': random.pick(['laptop', 'ci']),
    'crow.session.id': sessionId,
    'host.arch': 'arm64',
    'os.type': 'darwin',
    'service.name': 'claude-code',
    'service.version': `2.1.${random.below(300)}`,
  }
  for (const [name, value] of Object.entries(attributes)) rows.attribute(id, name, value)
  const named = { agent: 'claude-code', sessionId, title, userId: user, project, team }
  rows.search(id, 0, rowTextsOf({ ...named, labels: attributes }))
  for (let n = 0; n < prompts; n += 1) {
    const text = sentence(random, 30)
    rows.prompt(id, `user_prompt|${n}`, startMs + n * 60_000, `p-${id}-${n}`, text.length, text)
    // As commits index it: the prompt, and what was new of tools and files.
    const file = `src/part-${random.below(40)}/file-${random.below(500)}.ts`
    rows.search(id, n + 1, [text, MODELS[n % 3] ?? '', random.pick(TOOLS), file])
  }
}

function sentence(random: Random, words: number): string {
  const all = WORDS.split(' ')
  return Array.from({ length: words }, () => random.pick(all)).join(' ')
}
