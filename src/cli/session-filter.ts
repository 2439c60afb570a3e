/**
 * The options that say which sessions a command is about, the same for all commands, and what they
 * mean in terms of the JSON API's filter.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { type Filter, isAttribute, isCondition, MAX_FILTER_LENGTH } from '../api/contract/filter.ts'
import { USAGE_GROUPS } from '../domain/usage-group.ts'
import { TIME_SYNTAX, timeOf } from '../reports/time-text.ts'

export interface FilterOptions {
  readonly since?: string
  readonly until?: string
  readonly tz?: string
  readonly user?: string
  readonly project?: string
  readonly team?: string
  readonly model?: string
  readonly agent?: string
  readonly attribute?: readonly string[]
  readonly where?: readonly string[]
}

/** `--since`, `--until`, `--tz`. */
export function addTimeOptions(command: Command, since = 'start of the range'): Command {
  return addZoneOption(
    command
      .option('--since <time>', `${since}: ${TIME_SYNTAX}`, timeText)
      .option('--until <time>', 'end of the range, in the same formats', timeText),
  )
}

/** `--since`, `--tz`. */
export function addSinceOption(command: Command, since: string): Command {
  return addZoneOption(command.option('--since <time>', `${since}: ${TIME_SYNTAX}`, timeText))
}

/** `--tz`. */
export function addZoneOption(command: Command): Command {
  return command.option(
    '--tz <zone>',
    "time zone, such as Europe/Vienna (default: the machine's)",
    zoneOf,
  )
}

/** `--user`, `--project`, `--team`, `--model`, `--agent`, `--attribute`, `--where`. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--user <name>', 'only this user', nameOf)
    .option('--project <name>', 'only this project', nameOf)
    .option('--team <name>', 'only this team', nameOf)
    .option('--model <name>', 'only sessions that used this model', nameOf)
    .option('--agent <name>', 'only this agent, such as claude-code', nameOf)
    .option('--attribute <key=value>', 'only with this resource attribute; repeatable', attributeOf)
    .option(
      '--where <group=name>',
      'only what a report has under this name of a group, such as skill=review; repeatable',
      conditionOf,
    )
}

/** The machine's own unless another was given. */
export function timeZoneOf({ tz }: Pick<FilterOptions, 'tz'>): string {
  return tz ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The filter that the options describe; `defaultFromMs` is where it begins without `--since`. */
export function filterOf(options: FilterOptions, nowMs: number, defaultFromMs?: number): Filter {
  const timeZone = timeZoneOf(options)
  const momentOf = (text?: string) =>
    text === undefined ? undefined : timeOf(text, nowMs, timeZone)
  const from = momentOf(options.since) ?? defaultFromMs
  const to = momentOf(options.until)
  const { agent, model, project, team, user, attribute = [], where } = options
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(agent !== undefined && { agent }),
    ...(model !== undefined && { model }),
    ...(project !== undefined && { project }),
    ...(team !== undefined && { team }),
    ...(user !== undefined && { user }),
    attribute: [...attribute],
    ...(where !== undefined && { where: [...where] }),
  }
}

/** Whether it leaves any session out. */
export function isSelective({ attribute, ...rest }: Filter): boolean {
  return attribute.length > 0 || Object.keys(rest).length > 0
}

/** Checked now, so that a wrong one is told as such; worked out when the time zone is known. */
function timeText(text: string): string {
  if (timeOf(text, 0, 'UTC') !== undefined) return text
  throw new InvalidArgumentError(`Expected ${TIME_SYNTAX}.`)
}

function zoneOf(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw new InvalidArgumentError('Expected a time zone such as Europe/Vienna.')
  }
}

function nameOf(text: string): string {
  if (text !== '' && text.length <= MAX_FILTER_LENGTH) return text
  throw new InvalidArgumentError(`Expected a name of at most ${MAX_FILTER_LENGTH} characters.`)
}

/** Behind those before it. */
function attributeOf(text: string, before: readonly string[] = []): readonly string[] {
  if (isAttribute(text)) return [...before, text]
  throw new InvalidArgumentError('Expected key=value.')
}

/** Behind those before it. */
function conditionOf(text: string, before: readonly string[] = []): readonly string[] {
  if (isCondition(text)) return [...before, text]
  const names = USAGE_GROUPS.map(({ name }) => name).join(', ')
  throw new InvalidArgumentError(
    `Expected <group>=<name>, the group one of ${names}, resource:<key>.`,
  )
}
