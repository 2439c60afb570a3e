/** Everything that reports and pages ask of a store, asked of one: to be compared with another's. */
import { settingsBudgets } from '../../../src/domain/managed-budget.ts'
import { createBudgetStates } from '../../../src/reports/budget-state.ts'
import { createReports, type Reports } from '../../../src/reports/reports.ts'
import { overviewQuery } from '../../../src/api/contract/overview.ts'
import { rawEventsQuery } from '../../../src/api/contract/raw-events.ts'
import { sessionListQuery, SESSION_SORTS } from '../../../src/api/contract/session-list.ts'
import { usageQuery } from '../../../src/api/contract/usage.ts'
import { turnQuery, turnsQuery } from '../../../src/api/contract/turn.ts'
import { defaultBounds, type SessionPolicy } from '../../../src/sessions/policy.ts'
import type { SessionFilter, StoreReader } from '../../../src/storage/store-reader.ts'

const policy: SessionPolicy = {
  ...defaultBounds,
  idleTimeoutMs: 1_800_000,
  maxAgeMs: 86_400_000,
  quietTimeoutMs: 120_000,
  joinTimeoutMs: 10_000,
  sessionEndGraceMs: 10_000,
  hookContent: 'auto',
  tagLabels: [],
  maxContentLength: 20_000,
}

type Ask = <T>(name: string, asked: Promise<T>) => Promise<T>

const ALL = { empty: 'shown', limit: 200 } as const

/** Answers by their questions. `nowMs` is when they are asked. */
export async function everyAnswer(
  reader: StoreReader,
  nowMs: number,
): Promise<ReadonlyMap<string, unknown>> {
  const answers = new Map<string, unknown>()
  const now = () => nowMs
  const reports = createReports({ reader, policy, now })
  const ask: Ask = async (name, asked) => {
    const answer = await asked
    answers.set(name, answer)
    return answer
  }

  const facets = await ask('facets', reports.facets({ attribute: [] }))
  const filters = [
    {},
    ...facets.agents.map((agent) => ({ agent })),
    ...facets.models.map((model) => ({ model })),
    ...facets.projects.map((project) => ({ project })),
    ...facets.teams.map((team) => ({ team })),
    ...facets.users.map((user) => ({ user })),
    { attribute: ['service.name=claude-code'] },
    { where: ['skill=', 'effort=medium'] },
    { where: ['commit='] },
    { where: ['resource:service.name=claude-code', 'pull-request='] },
    { user: 'nobody\0', model: 'none', attribute: ['a=\0', '\ud800=b'] },
  ]
  const bounds = await ask('bounds', reader.usage.bounds(Number.MAX_SAFE_INTEGER))
  const ranges = [
    {},
    ...(bounds === undefined
      ? []
      : [{ from: bounds.fromMs + 0.5, to: bounds.toMs - 900_000.5 }, { from: bounds.toMs }]),
  ]
  for (const filter of filters) {
    for (const range of ranges) {
      for (const bucket of ['hour', 'month'] as const) {
        const query = overviewQuery.parse({ ...filter, ...range, bucket, tz: 'Europe/Berlin' })
        await ask(`overview ${JSON.stringify(query)}`, reports.overview(query))
      }
      for (const group of ['project,model', 'branch,skill', 'resource:service.name,user']) {
        const query = usageQuery.parse({ ...filter, ...range, group, tz: 'Europe/Berlin' })
        await ask(`usage ${JSON.stringify(query)}`, reports.usage(query))
      }
      const query = sessionListQuery.parse({ ...filter, ...range })
      await ask(`facets ${JSON.stringify(query)}`, reports.facets(query))
      await ask(`sessions ${JSON.stringify(query)}`, reports.sessions(query))
    }
  }
  for (const sort of SESSION_SORTS) {
    for (const order of ['asc', 'desc'] as const) {
      const query = sessionListQuery.parse({ ...ALL, sort, order })
      await ask(`sessions ${sort} ${order}`, reports.sessions(query))
    }
  }
  for (const search of ['claude', 'THE', '100%', '_', 'ä', '\\']) {
    const query = sessionListQuery.parse({ ...ALL, search, sort: 'first' })
    await ask(`search ${search}`, reports.sessions(query))
  }
  await askSessions(reader, reports, ask)
  await ask('outbox', reports.outbox())
  await ask('waiting', reader.waiting.keys())
  await ask('dead', reader.deadItems.list(1000))
  await ask('has arrived', reports.hasArrived())
  await ask('live', reports.live.recent(200))
  await ask('live after', reports.live.after(0, 500))
  await ask('event gaps', reader.eventGaps.since(0))
  const budgets = createBudgetStates({
    reader,
    fixed: settingsBudgets({ day: 1, user: 1, team: 1, session: 0.01 }),
    visible: 'all',
    timeZone: 'UTC',
    now: () => bounds?.fromMs ?? 0,
  })
  await ask('budgets', budgets())
  const filter: SessionFilter = { attributes: [] }
  const buckets = await reader.usage.buckets(filter, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
  const inOrder = buckets.map((bucket) => JSON.stringify(bucket)).sort()
  answers.set('buckets', inOrder)
  return answers
}

async function askSessions(reader: StoreReader, reports: Reports, ask: Ask): Promise<void> {
  const listed = await reports.sessions(sessionListQuery.parse({ ...ALL, sort: 'first' }))
  for (const { key } of listed.ok ? listed.value.sessions : []) {
    await ask(`session ${key}`, reports.session(key))
    const turns = await ask(`turns ${key}`, reports.turns(key, turnsQuery.parse({})))
    for (const turn of turns?.ok === true ? turns.value.turns : []) {
      await ask(`turn ${key} ${turn.key}`, reports.turn(key, turn.key, turnQuery.parse({})))
    }
    const events = await ask(`events ${key}`, reports.events(key, rawEventsQuery.parse({})))
    const [first] = events?.ok === true ? events.value.events : []
    await ask(`event ${key}`, reports.event(key, String(first?.id)))
    await ask(`inputs ${key}`, inputsOf(reader, key))
    await ask(`state ${key}`, stateOf(reader, key))
    await ask(`count ${key}`, reader.records.countOf(key))
  }
}

async function inputsOf({ inputs }: StoreReader, key: string): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for (let position = 0; ; ) {
    const slice = await inputs.slice(key, position, 3)
    found.push(...slice.inputs)
    if (slice.isLast) return found
    position = slice.position
  }
}

async function stateOf({ details }: StoreReader, key: string): Promise<unknown> {
  const session = await details.find(key)
  if (session === undefined) return undefined
  return [await details.state(session.id), await details.attributes(session.id)]
}
