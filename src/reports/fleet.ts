/**
 * Who reports, with which programs and settings, as their telemetry tells: a row for each user and
 * agent from their newest session. Who was active in the range and has nothing lately is silent.
 */
import type { Fleet, FleetQuery, FleetUser, FleetVersion } from '../api/contract/fleet.ts'
import type { Reporter, SessionTail, StoreReader } from '../storage/store-reader.ts'
import { cutName } from './answer-bounds.ts'
import type { Pause } from './pause.ts'

const DAY_MS = 86_400_000
const MAX_REPORTERS = 2000
/** Looked at between two turns of others. */
const PER_SLICE = 100
const SIGNALS = {
  log: 'logs',
  metric: 'metrics',
  trace: 'traces',
  hook: 'hooks',
  transcript: 'transcripts',
} as const

export interface FleetDeps {
  readonly reader: Pick<StoreReader, 'fleet' | 'details'>
  readonly now: () => number
  readonly pause: Pause
}

export async function fleetOf(
  { reader, now, pause }: FleetDeps,
  { days, silentDays }: FleetQuery,
): Promise<Fleet> {
  const nowMs = now()
  const sinceMs = Math.max(0, nowMs - days * DAY_MS)
  const silentSinceMs = Math.max(0, nowMs - silentDays * DAY_MS)
  const found = await reader.fleet.reporters(sinceMs, MAX_REPORTERS + 1)
  const reporters = found.slice(0, MAX_REPORTERS)
  const users: FleetUser[] = []
  for (let from = 0; from < reporters.length; from += PER_SLICE) {
    const slice = reporters.slice(from, from + PER_SLICE)
    const ids = slice.map(({ newestSessionId }) => newestSessionId)
    const tails = await reader.fleet.tails(ids)
    for (const reporter of slice) {
      const state = await reader.details.state(reporter.newestSessionId)
      const tail = tails.get(reporter.newestSessionId)
      const masked = maskedIn(state?.text)
      users.push({ ...userOf(reporter, tail, masked), isSilent: reporter.lastMs < silentSinceMs })
    }
    await pause()
  }
  const isCut = found.length > reporters.length
  return { sinceMs, silentSinceMs, users, isCut, versions: versionsOf(users) }
}

function userOf(
  { userId, agent, team, sessions, firstMs, lastMs }: Reporter,
  tail: SessionTail | undefined,
  masked: number,
): Omit<FleetUser, 'isSilent'> {
  const { resource = {}, scopeVersion = '', signals = [], prompts = 0 } = tail ?? {}
  return {
    user: userId === undefined ? null : cutName(userId),
    agent,
    team: team === undefined ? null : cutName(team),
    version: textOf(resource['service.version']) ?? textOf(scopeVersion),
    os: textOf(resource['os.type']),
    terminal: textOf(resource['terminal.type']),
    sessions,
    firstMs,
    lastMs,
    signals: signals.map((signal) => SIGNALS[signal]),
    content: prompts === 0 ? null : (tail?.promptTexts ?? 0) > 0 ? 'on' : 'off',
    temporality: tail?.temporality ?? null,
    masked,
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? cutName(value) : null
}

/** How many values were masked in a session, by its stored state; 0 where it cannot be read. */
function maskedIn(state: string | undefined): number {
  try {
    const { totals } = JSON.parse(state ?? '{}') as { totals?: { masked?: object } }
    const counts: readonly unknown[] = Object.values(totals?.masked ?? {})
    return counts.reduce<number>((sum, each) => sum + (isCount(each) ? each : 0), 0)
  } catch {
    return 0
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function versionsOf(users: readonly FleetUser[]): FleetVersion[] {
  const byAgent = Map.groupBy(users, ({ agent }) => agent)
  return [...byAgent].flatMap(([agent, own]) => {
    const byVersion = Map.groupBy(own, ({ version }) => version)
    const known = [...byVersion].flatMap(([version, of]) =>
      version === null ? [] : [{ version, of }],
    )
    known.sort((a, b) => compareVersions(b.version, a.version))
    return known.map(({ version, of }, index) => ({
      agent,
      version,
      users: of.length,
      silentUsers: of.filter(({ isSilent }) => isSilent).length,
      lastMs: Math.max(...of.map(({ lastMs }) => lastMs)),
      isNewest: index === 0,
    }))
  })
}

/** By the numbers in them, from the left; a pre-release is below its release. */
export function compareVersions(a: string, b: string): number {
  const [mainA = '', preA] = a.split(/-(.*)/s)
  const [mainB = '', preB] = b.split(/-(.*)/s)
  const [partsA, partsB] = [mainA.split('.'), mainB.split('.')]
  for (let at = 0; at < Math.max(partsA.length, partsB.length); at += 1) {
    const order = (Number(partsA[at] ?? 0) || 0) - (Number(partsB[at] ?? 0) || 0)
    if (order !== 0) return order
  }
  if (preA === preB) return 0
  if (preA === undefined || preB === undefined) return preA === undefined ? 1 : -1
  return preA < preB ? -1 : 1
}
