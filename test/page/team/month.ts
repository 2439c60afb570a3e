/** A month of the made-up team, posted to a bridge as its agents would have. */
import { noise, USERS } from '../sample/team.ts'
import { logsBody, metricsBody, type Values } from './otlp.ts'
import { type Told, tellSession } from './session.ts'
import { STORIES } from './stories.ts'

const DAY_MS = 86_400_000
const DAYS = 30
const MAX_A_DAY = 9

interface Planned {
  readonly seed: number
  readonly startMs: number
}

/** Posts all sessions that ended before `nowMs`, but for those of `postNewest`. */
export async function postMonth(url: string, nowMs: number): Promise<void> {
  for (const { seed, startMs } of plan(nowMs)) {
    const told = tell(seed, startMs)
    if (told.endMs < nowMs) await postSession(url, seed, told)
  }
}

/** Posts the two sessions that are at it, and resolves to the id of the one heard of last. */
export async function postNewest(url: string, nowMs: number): Promise<string> {
  const seeds = [10_001, 10_005]
  for (const [index, seed] of seeds.entries()) {
    const lastedMs = tell(seed, 0).endMs
    await postSession(url, seed, tell(seed, nowMs - lastedMs - 40_000 * (seeds.length - index)))
  }
  return sessionIdOf(seeds.at(-1) ?? 0)
}

/** Fewer at weekends, all in working hours. */
function plan(nowMs: number): Planned[] {
  return Array.from({ length: DAYS }, (_, day): Planned[] => {
    const midnight = new Date(nowMs - (DAYS - 1 - day) * DAY_MS)
    const isWeekend = [0, 6].includes(midnight.getDay())
    const startMs = midnight.setHours(8, 0, 0, 0)
    const count = isWeekend ? 1 : Math.ceil(MAX_A_DAY * (0.4 + 0.6 * noise(day + 40)))
    return Array.from({ length: count }, (_, index) => {
      const seed = day * MAX_A_DAY + index + 1
      return { seed, startMs: startMs + 9 * 3_600_000 * noise(seed + 0.5) }
    })
  }).flat()
}

const storyOf = (seed: number) => {
  const story = STORIES[seed % STORIES.length]
  if (story === undefined) throw new Error('there are stories')
  return story
}

const tell = (seed: number, startMs: number): Told => tellSession(storyOf(seed), seed, startMs)

function sessionIdOf(seed: number): string {
  return `${(seed * 7919 + 4096).toString(16).padStart(8, '0')}-5353-4928-a8f7-943cae4b3835`
}

async function postSession(url: string, seed: number, told: Told): Promise<void> {
  const { project } = storyOf(seed)
  const resource: Values = { project, team: project === 'importer' ? 'platform' : 'payments' }
  const user = USERS[Math.floor(USERS.length * noise(seed * 3) ** 1.4)]
  const common: Values = { 'session.id': sessionIdOf(seed), 'user.id': user, 'user.email': user }
  await post(`${url}/v1/logs`, logsBody(resource, common, told.logs))
  await post(`${url}/v1/metrics`, metricsBody(resource, common, told.endMs, told.metrics))
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (answer.status !== 200 || text !== '{}') throw new Error(`${url}: ${answer.status} ${text}`)
}
