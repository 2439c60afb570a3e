/** `keys create | list | rotate | update | revoke`, and `audit`: who may do what, and who did. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AuditAnswer, type KeyAnswer, keyBody, keyChange } from '../api/contract/keys.ts'
import type { Config } from '../config/config.ts'
import { SCOPES } from '../domain/access.ts'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { type KeyAccess, openKeyAccess } from './key-access.ts'
import { bytesText, countText } from '../domain/figure-text.ts'
import { numberBetween } from './number-option.ts'
import { type Conclude, jsonDocument, misused, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { type Column, tableLines } from './table.ts'

interface CreateOptions {
  readonly scope?: readonly string[]
  readonly team?: string
  readonly user?: string
  readonly expires?: number
  readonly recordsPerMinute?: number
  readonly bytesPerDay?: number
  readonly json?: boolean
}

interface RotateOptions {
  readonly overlap: number
  readonly json?: boolean
}

interface UpdateOptions {
  readonly expires?: number | 'never'
  readonly recordsPerMinute?: number | 'unlimited'
  readonly bytesPerDay?: number | 'unlimited'
  readonly json?: boolean
}

const DAY_MS = 86_400_000
const MAX_DAYS = 36_500
const HOUR_S = 3600
const MAX_LISTED = 100_000
const LIST_NEXT = 'To list the keys: claude-telemetry keys list'

export function addKeys(program: Command, context: CliContext, concluded: Conclude): void {
  const keys = program
    .command('keys')
    .summary('manage the keys of people, teams and programs')
    .description(
      'Creates, lists, rotates and revokes named keys. A key is shown once, when it is created.\n' +
        'Once there is a key, telemetry is accepted only with one, or with API_KEY.',
    )
  keys
    .command('create')
    .description('Creates a key and prints it.')
    .argument('<name>', 'name of the key: letters, digits, ".", "_" and "-"')
    .addOption(
      new Option('-s, --scope <scope...>', 'what it may do (default: ingest)').choices([...SCOPES]),
    )
    .option('--team <team>', 'records sent with it belong to this team; read:team can read them')
    .option('--user <user>', 'records sent with it belong to this person; read:own can read them')
    .option('--expires <time>', 'how long it is valid, such as 12h, 90d or 2w', durationOf)
    .option(
      '--records-per-minute <number>',
      'maximum number of records it may send',
      numberBetween(1, 999_999_999),
    )
    .option(
      '--bytes-per-day <number>',
      'maximum number of bytes it may send (UTC days)',
      wholeNumber,
    )
    .option('--json', 'print key and facts as JSON')
    .action((name: string, options: CreateOptions) =>
      concluded(withKeys(context, (access) => create(access, context, name, options))),
    )
  keys
    .command('list')
    .description('Lists the keys, including revoked ones, without their secrets.')
    .option('--json', 'print them as JSON')
    .action(({ json = false }: { readonly json?: boolean }) =>
      concluded(withKeys(context, (access) => list(access, context, json))),
    )
  keys
    .command('rotate')
    .description('Gives a key a new secret and prints it; the old one stays valid for a while.')
    .argument('<name>', 'name or id of the key')
    .option(
      '--overlap <hours>',
      'how long the old secret stays valid',
      numberBetween(0, 24 * 365),
      24,
    )
    .option('--json', 'print key and facts as JSON')
    .action((name: string, options: RotateOptions) =>
      concluded(withKeys(context, (access) => rotate(access, name, options))),
    )
  keys
    .command('update')
    .description('Changes what a key may send and how long it is valid; its secret stays.')
    .argument('<name>', 'name or id of the key')
    .option(
      '--expires <time>',
      'how long from now it is valid, such as 90d; or never',
      orWord('never', durationOf),
    )
    .option(
      '--records-per-minute <number>',
      'maximum number of records it may send; or unlimited',
      orWord('unlimited', numberBetween(1, 999_999_999)),
    )
    .option(
      '--bytes-per-day <number>',
      'maximum number of bytes it may send (UTC days); or unlimited',
      orWord('unlimited', wholeNumber),
    )
    .option('--json', 'print its facts as JSON')
    .action((name: string, options: UpdateOptions) =>
      concluded(withKeys(context, (access) => update(access, context, name, options))),
    )
  keys
    .command('revoke')
    .description('Makes a key invalid immediately.')
    .argument('<name>', 'name or id of the key')
    .option('--json', 'print the facts of the key as JSON')
    .action((name: string, { json = false }: { readonly json?: boolean }) =>
      concluded(withKeys(context, (access) => revoke(access, name, json))),
    )
  program
    .command('audit')
    .summary('show who read, deleted or changed what')
    .description(
      'Prints the audit log, newest first: who read, deleted or changed what, without content.',
    )
    .option('-n, --limit <number>', 'maximum number', numberBetween(1, MAX_LISTED), 100)
    .option('--json', 'print as JSON')
    .action((options: { readonly limit: number; readonly json?: boolean }) =>
      concluded(withKeys(context, (access) => audit(access, context, options), true)),
    )
}

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
}

/** Commander's parser of a length of time, in ms; a number alone is days. */
function durationOf(text: string): number {
  const [, amount = '', unit = 'd'] = /^(\d{1,7})([mhdw])?$/.exec(text) ?? []
  const ms = Number(amount) * (UNIT_MS[unit] ?? 0)
  if (ms > 0 && ms <= MAX_DAYS * DAY_MS) return ms
  throw new InvalidArgumentError(
    `Expected minutes, hours, days or weeks, such as 30m, 12h, 90d or 2w; at most ${MAX_DAYS}d.`,
  )
}

/** Commander's parser of a number, or of the word that stands for none. */
function orWord<W extends string>(
  word: W,
  parse: (text: string) => number,
): (text: string) => number | W {
  return (text) => (text === word ? word : parse(text))
}

/** Commander's parser of a number of bytes. */
function wholeNumber(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (value > 0) return value
  throw new InvalidArgumentError('Expected a whole number above 0.')
}

async function withKeys(
  context: CliContext,
  use: (access: KeyAccess, config: Config) => Promise<Outcome>,
  onlyReads = false,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const opened = await openKeyAccess(config.value, context.now)
  if (!opened.ok) return opened
  // On standard error: the key alone goes where a script reads it.
  if (!onlyReads) nameDestinations(context.stderr, [dataDestination(config.value, context)])
  try {
    return await use(opened.value, config.value)
  } finally {
    await opened.value.close()
  }
}

async function create(
  access: KeyAccess,
  { now }: CliContext,
  name: string,
  options: CreateOptions,
): Promise<Outcome> {
  const { scope: scopes = ['ingest'], team, user, expires, json = false } = options
  const { recordsPerMinute, bytesPerDay } = options
  const body = keyBody.safeParse({
    ...{ name, scopes, team, user, recordsPerMinute, bytesPerDay },
    ...(expires !== undefined && { expiresMs: now() + expires }),
  })
  if (!body.success) {
    const [issue] = body.error.issues
    return misused(`${issue?.path.join('.') ?? 'the key'}: ${issue?.message ?? 'is wrong'}`)
  }
  const made = await access.create(body.data)
  return made.ok ? issued(made.value, json) : made
}

async function rotate(access: KeyAccess, name: string, options: RotateOptions): Promise<Outcome> {
  const made = await access.rotate(name, options.overlap * HOUR_S)
  if (!made.ok) return { ok: false, error: { ...made.error, next: LIST_NEXT } }
  return issued(made.value, options.json === true)
}

function issued(
  made: { readonly key: KeyAnswer; readonly secret: string },
  json: boolean,
): Outcome {
  if (json) return ok({ document: jsonDocument(made) })
  return ok({ lines: [made.secret] })
}

async function update(
  access: KeyAccess,
  { now }: CliContext,
  name: string,
  { expires, recordsPerMinute, bytesPerDay, json = false }: UpdateOptions,
): Promise<Outcome> {
  const bound = (limit: number | 'unlimited' | undefined) => (limit === 'unlimited' ? null : limit)
  const change = keyChange.safeParse({
    ...{ recordsPerMinute: bound(recordsPerMinute), bytesPerDay: bound(bytesPerDay) },
    ...(expires !== undefined && { expiresMs: expires === 'never' ? null : now() + expires }),
  })
  if (!change.success) {
    return misused('keys update takes --expires, --records-per-minute or --bytes-per-day')
  }
  const updated = await access.update(name, change.data)
  if (!updated.ok) return { ok: false, error: { ...updated.error, next: LIST_NEXT } }
  if (json) return ok({ document: jsonDocument(updated.value) })
  const { name: of, expiresMs } = updated.value
  const until = expiresMs === null ? 'no end' : `valid until ${momentText(expiresMs)}`
  return ok({ lines: [`the key ${of} has ${quotaText(updated.value) || 'no quota'}, ${until}`] })
}

async function revoke(access: KeyAccess, name: string, json: boolean): Promise<Outcome> {
  const revoked = await access.revoke(name)
  if (!revoked.ok) return { ok: false, error: { ...revoked.error, next: LIST_NEXT } }
  if (json) return ok({ document: jsonDocument(revoked.value) })
  return ok({ lines: [`the key ${revoked.value.name} is revoked`] })
}

async function list(
  access: KeyAccess,
  { stdout, now }: CliContext,
  json: boolean,
): Promise<Outcome> {
  const listed = await access.list()
  if (!listed.ok) return listed
  const keys = listed.value
  if (json) return ok({ document: jsonDocument(keys) })
  if (keys.length === 0) return ok({ lines: ['there are no keys'] })
  return ok({
    lines: tableLines<KeyAnswer>(
      [
        { title: 'NAME', text: ({ name }) => name },
        { title: 'ID', text: ({ id }) => id, rank: 2 },
        { title: 'SCOPES', text: ({ scopes }) => scopes.join(',') },
        { title: 'TEAM', text: ({ team }) => team ?? '' },
        { title: 'USER', text: ({ user }) => user ?? '' },
        { title: 'QUOTA', text: quotaText, rank: 1 },
        { title: 'EXPIRES', text: ({ expiresMs }) => momentText(expiresMs) },
        { title: 'LAST USED', text: ({ lastUsedMs }) => momentText(lastUsedMs), rank: 1 },
        { title: 'STATE', text: (key) => stateText(key, now()) },
      ],
      keys,
      stdout,
    ),
  })
}

/** `600 records/min, 10 MB/day`; empty where there is none. */
function quotaText({ recordsPerMinute, bytesPerDay }: KeyAnswer): string {
  return [
    ...(recordsPerMinute === null ? [] : [`${countText(recordsPerMinute)} records/min`]),
    ...(bytesPerDay === null ? [] : [`${bytesText(bytesPerDay)}/day`]),
  ].join(', ')
}

function stateText({ revokedMs, expiresMs, secrets }: KeyAnswer, nowMs: number): string {
  if (revokedMs !== null) return `revoked ${momentText(revokedMs)}`
  if (expiresMs !== null && expiresMs <= nowMs) return 'expired'
  const replaced = secrets.flatMap((secret) => secret.expiresMs ?? [])
  return replaced.length === 0 ? 'valid' : `rotated, old until ${momentText(Math.max(...replaced))}`
}

async function audit(
  access: KeyAccess,
  { stdout }: CliContext,
  { limit, json = false }: { readonly limit: number; readonly json?: boolean },
): Promise<Outcome> {
  const listed = await access.audit(limit)
  if (!listed.ok) return listed
  const entries = listed.value
  if (json) return ok({ document: jsonDocument(entries) })
  if (entries.length === 0) return ok({ lines: ['the audit log is empty'] })
  return ok({
    lines: tableLines(AUDIT_COLUMNS, entries, stdout),
  })
}

/** Fit 80 columns, whatever keys and sessions are called; a pipe and JSON have all of it. */
export const AUDIT_COLUMNS: readonly Column<AuditAnswer['entries'][number]>[] = [
  { title: 'TIME', text: ({ atMs }) => momentText(atMs) },
  { title: 'WHO', text: ({ actor }) => actor, shrinksTo: 8 },
  { title: 'WHAT', text: ({ action }) => action, shrinksTo: 12 },
  { title: 'OF', text: ({ target }) => target ?? '', shrinksTo: 12 },
  { title: 'OUTCOME', text: ({ outcome }) => outcome },
]

/** In UTC, to the second. */
function momentText(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
