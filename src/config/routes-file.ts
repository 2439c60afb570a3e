/**
 * The routes that `ROUTES_FILE` names: destinations beside those of the settings, and rules that say
 * what goes where. Read once, at the start; whatever is wrong is said with the place it stands in,
 * and without its secrets.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Routes } from '../domain/routing.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { isPlainWebAddress, isSendableHeader } from './syntax.ts'
import type { Config, LangfuseConfig, OtlpTargetConfig } from './config.ts'

/** An exporter of the routes. Its name is `<exporter>:<name>`. */
export type Destination =
  | { readonly name: string; readonly exporter: 'langfuse'; readonly langfuse: LangfuseConfig }
  | { readonly name: string; readonly exporter: 'otlp'; readonly exportOtlp: OtlpTargetConfig }
  | {
      readonly name: string
      readonly exporter: 'forward'
      readonly forwardOtlp: NonNullable<Config['forwardOtlp']>
    }

export interface RoutesFile {
  readonly destinations: readonly Destination[]
  readonly rules: Routes['rules']
  /** Absent: every exporter of the settings. */
  readonly fallback: readonly string[] | undefined
}

const MAX_CHARS = 1_000_000
const NAME = /^(langfuse|otlp|forward):[a-z0-9][a-z0-9._-]{0,62}$/
const PLAIN: readonly string[] = ['langfuse', 'otlp', 'forward']
/** More are counted. */
const MAX_TOLD = 10
const DEFAULT_TIMEOUT_MS = 15_000

const address = z
  .string()
  .refine(
    isPlainWebAddress,
    'expected an http or https address without user, password, query and fragment',
  )
  .transform((text) => text.replace(/\/+$/, ''))
const timeoutMs = z.number().int().min(100).max(86_400_000).default(DEFAULT_TIMEOUT_MS)
const headers = z
  .record(z.string(), z.string())
  // A name may be a secret that was put in the wrong place.
  .superRefine((given, context) => {
    const names = new Set<string>()
    for (const [index, [name, value]] of Object.entries(given).entries()) {
      const nth = `header ${index + 1}`
      if (!isSendableHeader(name, value)) {
        context.addIssue(
          `${nth} cannot be sent: expected a name of letters, digits and "-" that is none of the connection itself, and a value of ASCII characters on one line`,
        )
      }
      if (names.has(name.toLowerCase())) context.addIssue(`${nth} has the name of an earlier one`)
      names.add(name.toLowerCase())
    }
  })
  .transform((given) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])),
  )
  .default({})
const secret = z.string().refine((text) => text.trim() !== '', 'expected a text that is not empty')

const langfuse = z
  .strictObject({
    url: address,
    publicKey: secret,
    secretKey: secret.optional(),
    secretKeyFile: secret.optional(),
    timeoutMs,
  })
  .refine(
    ({ secretKey, secretKeyFile }) => (secretKey === undefined) !== (secretKeyFile === undefined),
    'expected either secretKey or secretKeyFile',
  )
const otlp = z.strictObject({
  url: address,
  headers,
  protocol: z.enum(['http/protobuf', 'http/json', 'grpc']).default('http/protobuf'),
  timeoutMs,
})
const forward = z.strictObject({
  url: address,
  headers,
  timeoutMs,
})

const to = z.array(z.string())
const rule = z
  .strictObject({
    key: secret.optional(),
    team: secret.optional(),
    user: secret.optional(),
    attributes: z.record(z.string(), z.string()).default({}),
    to,
  })
  .refine(
    ({ key, team, user, attributes }) =>
      (key ?? team ?? user) !== undefined || Object.keys(attributes).length > 0,
    'expected at least one of key, team, user and attributes; what fits no rule goes to "default"',
  )

const document = z.strictObject({
  destinations: z.record(z.string(), z.unknown()).default({}),
  rules: z.array(rule).default([]),
  default: to.optional(),
})

/** The routes of a file; undefined where none is named. The error is a sentence for a person. */
export function readRoutesFile(path: string | undefined): Result<RoutesFile | undefined, string> {
  if (path === undefined) return ok(undefined)
  const text = fileText(path)
  if (!text.ok) return err(`ROUTES_FILE ${path} cannot be read: ${text.error}`)
  const parsed = parseRoutes(text.value)
  return parsed.ok ? parsed : err(`ROUTES_FILE ${path}: ${parsed.error}`)
}

export function parseRoutes(text: string): Result<RoutesFile, string> {
  if (text.length > MAX_CHARS) return err(`it has more than ${MAX_CHARS} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // Of what the parser says, the place alone: it quotes the text, which may be a key.
    const [place = ''] = /\(line \d+ column \d+\)$/.exec(String(error)) ?? []
    return err(`it is not JSON ${place}`.trimEnd())
  }
  const parsed = document.safeParse(value)
  if (!parsed.success) return err(problemOf(parsed.error))
  const { rules, default: fallback } = parsed.data
  const destinations: Destination[] = []
  const problems: string[] = []
  for (const [name, given] of Object.entries(parsed.data.destinations)) {
    const destination = readDestination(name, given)
    if (destination.ok) destinations.push(destination.value)
    else problems.push(`destinations[${quoted(name)}]: ${destination.error}`)
  }
  if (problems.length > 0) return err(listed(problems))
  const known = new Set([...PLAIN, ...destinations.map(({ name }) => name)])
  const lists = [
    ...rules.map((each, index) => ({ where: `rules[${index}].to`, names: each.to })),
    { where: 'default', names: fallback ?? [] },
  ]
  for (const { where, names } of lists) {
    const unknown = names.filter((name) => !known.has(name)).map(quoted)
    if (unknown.length > 0) {
      problems.push(
        `${where}: there is no destination ${unknown.join(', ')}; known are ${[...known].join(', ')}`,
      )
    }
  }
  if (problems.length > 0) return err(listed(problems))
  return ok({ destinations, rules, fallback })
}

function readDestination(name: string, given: unknown): Result<Destination, string> {
  const exporter = NAME.exec(name)?.[1]
  switch (exporter) {
    case 'langfuse': {
      const parsed = langfuse.safeParse(given)
      if (!parsed.success) return err(problemOf(parsed.error))
      const { url: baseUrl, publicKey, secretKeyFile, timeoutMs: timeout } = parsed.data
      const secretKey =
        secretKeyFile === undefined ? ok(parsed.data.secretKey ?? '') : fileText(secretKeyFile)
      if (!secretKey.ok) return err(`secretKeyFile ${secretKeyFile}: ${secretKey.error}`)
      if (secretKey.value.trim() === '') return err(`secretKeyFile ${secretKeyFile} is empty`)
      const keys = { publicKey, secretKey: secretKey.value.trim() }
      return ok({ name, exporter, langfuse: { ...keys, baseUrl, timeoutMs: timeout } })
    }
    case 'otlp': {
      const parsed = otlp.safeParse(given)
      if (!parsed.success) return err(problemOf(parsed.error))
      const { url: endpoint, ...rest } = parsed.data
      return ok({ name, exporter, exportOtlp: { endpoint, ...rest } })
    }
    case 'forward': {
      const parsed = forward.safeParse(given)
      if (!parsed.success) return err(problemOf(parsed.error))
      const { url: endpoint, ...rest } = parsed.data
      // What is forwarded is masked once, for all who get it.
      return ok({ name, exporter, forwardOtlp: { endpoint, isUnredacted: false, ...rest } })
    }
    default:
      return err(
        'expected a name such as "langfuse:team-a", "otlp:archive" or "forward:team-a", in lower case',
      )
  }
}

function fileText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'))
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

/** Where each stands and what was expected; never the value. */
function problemOf(error: z.ZodError): string {
  return listed(
    error.issues.map(({ path, message }) => {
      const where = path.map(String).join('.')
      return where === '' ? message : `${where}: ${message}`
    }),
  )
}

function listed(problems: readonly string[]): string {
  const more = problems.length - MAX_TOLD
  const shown = problems.slice(0, MAX_TOLD).join('; ')
  return more > 0 ? `${shown}; and ${more} more` : shown
}

/** On one line, whatever it is. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}
