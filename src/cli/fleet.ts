/** `doctor --fleet`: who reports with which programs and settings, and who fell silent. */
import type { Fleet, FleetUser } from '../api/contract/fleet.ts'
import { type Finding, fine, skipped, warning } from '../doctor/finding.ts'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { countOfText, countText } from '../domain/figure-text.ts'
import { withData } from './open-data.ts'
import { jsonDocument, type Outcome } from './outcome.ts'
import { type Column, tableLines } from './table.ts'
import type { Terminal, TextLine } from './terminal.ts'
import { dateTimeText } from './zoned-time.ts'

export interface FleetOptions {
  readonly json?: boolean
  readonly days: number
  readonly silentDays: number
}

/** Names in a finding. */
const MAX_NAMED = 5
/** Rows for a person; JSON has all. */
const MAX_ROWS = 50

/** The fleet of the stored data. `findingLines` shows findings as the doctor does. */
export function doctorOfFleet(
  context: CliContext,
  { json = false, days, silentDays }: FleetOptions,
  findingLines: (findings: readonly Finding[], terminal: Terminal) => readonly TextLine[],
): Promise<Outcome> {
  return withData(context, async ({ reports, config }) => {
    const fleet = await reports.fleet({ days, silentDays })
    const findings = fleetFindings(fleet, days, silentDays)
    const document = { ok: true, version: context.productVersion, findings, fleet }
    if (json) return ok({ document: jsonDocument(document) })
    const timeZone = config.budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
    return ok({
      lines: [...tableOf(fleet, timeZone, context), ...findingLines(findings, context.stdout)],
    })
  })
}

/** What there is to say of a fleet, a finding for each matter. */
export function fleetFindings(
  { users, versions, isCut }: Fleet,
  days: number,
  silentDays: number,
): readonly Finding[] {
  if (users.length === 0) {
    return [skipped('fleet.users', `nobody reported in the last ${countOfText(days, 'day')}`)]
  }
  return [
    isCut
      ? warning(
          'fleet.users',
          `the ${countText(users.length)} most recently active users are shown; there are more`,
          'Ask for fewer days with --days',
        )
      : fine('fleet.users', `${countOfText(users.length, 'user')} in ${countOfText(days, 'day')}`),
    silenceFinding(users, silentDays),
    versionsFinding(users, versions),
    eventsFinding(users),
    contentFinding(users),
    maskedFinding(users),
  ]
}

function silenceFinding(users: readonly FleetUser[], silentDays: number): Finding {
  const id = 'fleet.silent'
  const silent = users.filter(({ isSilent }) => isSilent)
  const since = `for ${countOfText(silentDays, 'day')}`
  if (silent.length === 0) return fine(id, `none of them has been silent ${since}`)
  const what = `${named(silent)} ${silent.length === 1 ? 'has' : 'have'} been silent ${since}`
  return warning(
    id,
    what,
    'If they still use the agent, run claude-telemetry doctor on their machine, or roll out the settings: claude-telemetry install --managed',
  )
}

function versionsFinding(users: readonly FleetUser[], versions: Fleet['versions']): Finding {
  const id = 'fleet.versions'
  const newest = new Map(
    versions.filter(({ isNewest }) => isNewest).map(({ agent, version }) => [agent, version]),
  )
  const all = [...newest].map(([agent, version]) => `${agent} ${version}`).join(', ')
  const older = users.filter(
    ({ agent, version, isSilent }) =>
      !isSilent && version !== null && version !== newest.get(agent),
  )
  if (older.length === 0) return fine(id, `the newest versions seen: ${all === '' ? 'none' : all}`)
  const what = `${named(older)} ${older.length === 1 ? 'runs' : 'run'} an older version than the newest seen (${all})`
  return warning(id, what, 'Update their agents: older versions report less')
}

function eventsFinding(users: readonly FleetUser[]): Finding {
  const id = 'fleet.events'
  const without = users.filter(
    ({ signals }) => signals.length > 0 && signals.every((signal) => signal === 'metrics'),
  )
  if (without.length === 0) return fine(id, 'all of them send events')
  const what = `only metrics arrive from ${named(without)}`
  return warning(
    id,
    what,
    'Set OTEL_LOGS_EXPORTER=otlp for them: turns and tools are sent as events',
  )
}

function contentFinding(users: readonly FleetUser[]): Finding {
  const countOf = (content: FleetUser['content']) =>
    countText(users.filter((user) => user.content === content).length)
  return fine(
    'fleet.content',
    `prompts include their text from ${countOf('on')}, without from ${countOf('off')}; none seen from ${countOf(null)}`,
  )
}

function maskedFinding(users: readonly FleetUser[]): Finding {
  const id = 'fleet.masked'
  const masked = users.filter((user) => user.masked > 0)
  if (masked.length === 0) return fine(id, 'no secrets were masked in their newest sessions')
  const what = `secrets were masked in the newest sessions of ${named(masked)}`
  return warning(
    id,
    what,
    'Rotate the secrets that the agent has seen; docs/privacy.md lists what masking recognizes',
  )
}

/** Some names, and how many more there are. */
function named(users: readonly FleetUser[]): string {
  const names = users.slice(0, MAX_NAMED).map(nameOf)
  const more = users.length - names.length
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${countText(more)} more`
}

function nameOf({ user, agent }: FleetUser): string {
  return user ?? `${agent} without a user`
}

/** The silent ones first: they are what one looks for. */
function tableOf({ users }: Fleet, timeZone: string, { stdout }: CliContext): readonly TextLine[] {
  if (users.length === 0) return []
  const silentFirst = users.toSorted((a, b) => Number(b.isSilent) - Number(a.isSilent))
  const shown = silentFirst.slice(0, MAX_ROWS)
  const left = users.length - shown.length
  const rest = left === 0 ? [] : [`${countText(left)} more; --json has all of them`]
  return [...tableLines(columns(timeZone), shown, stdout), ...rest, '']
}

function columns(timeZone: string): readonly Column<FleetUser>[] {
  return [
    { title: 'USER', text: ({ user }) => user ?? '-', shrinksTo: 8 },
    { title: 'TEAM', text: ({ team }) => team ?? '-', shrinksTo: 4, rank: 3 },
    { title: 'AGENT', text: ({ agent }) => agent },
    { title: 'VERSION', text: ({ version }) => version ?? '-', shrinksTo: 6 },
    {
      title: 'LAST SEEN',
      text: ({ lastMs }) => dateTimeText(lastMs, timeZone),
      colour: ({ isSilent }) => (isSilent ? 'yellow' : undefined),
    },
    { title: 'SESSIONS', text: ({ sessions }) => countText(sessions), align: 'right', rank: 5 },
    { title: 'SIGNALS', text: ({ signals }) => signals.join(','), rank: 4 },
    { title: 'CONTENT', text: ({ content }) => content ?? '-', rank: 2 },
    { title: 'METRICS', text: ({ temporality }) => temporality ?? '-', rank: 6 },
    { title: 'MASKED', text: ({ masked }) => countText(masked), align: 'right', rank: 1 },
  ]
}
