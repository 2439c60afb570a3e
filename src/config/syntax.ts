/**
 * The kinds of value a variable can have. Each says what it expects in words that fit an error.
 */
import { setFlagsFromString } from 'node:v8'
import { LINEAR_ENGINE, LINEAR_RULE, linearExpression } from '../domain/linear-expression.ts'
import { LIMIT_RULE, MAX_LIMIT_USD, MIN_LIMIT_USD } from '../domain/managed-budget.ts'
import { z } from 'zod'
import type { Syntax } from './variable.ts'

/** A whole number in decimal digits, both bounds included. */
export function wholeNumber(type: string, min: number, max: number): Syntax<number> {
  return {
    schema: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max)),
    type,
    expected: `a whole number from ${min} to ${max}`,
  }
}

/** US dollars of a budget. */
export function budgetLimit(): Syntax<number> {
  return {
    schema: z
      .string()
      .regex(/^\d+(?:\.\d+)?$/)
      .transform(Number)
      .pipe(z.number().min(MIN_LIMIT_USD).max(MAX_LIMIT_USD)),
    type: 'USD',
    expected: LIMIT_RULE,
  }
}

/** A value, or the word `off`. */
export function orOff<T>({ schema, type, expected }: Syntax<T>): Syntax<T | 'off'> {
  return {
    schema: z.union([z.string().toLowerCase().pipe(z.literal('off')), schema]),
    type: `${type} or off`,
    expected: `${expected}, or off`,
  }
}

/** Text that a pattern describes. */
export function matching(pattern: RegExp, type: string, expected: string): Syntax<string> {
  return { schema: z.string().regex(pattern), type, expected }
}

/** A regular expression in the syntax of JavaScript, without slashes around it. */
export const regularExpression: Syntax<string> = {
  schema: z.string().max(200).refine(isRegularExpression),
  type: 'pattern',
  expected: `a regular expression of at most 200 characters, ${LINEAR_RULE}`,
}

function isRegularExpression(text: string): boolean {
  setFlagsFromString(LINEAR_ENGINE)
  return text !== '' && linearExpression(text) !== undefined
}

/** Names between commas; spaces around them do not count. */
export const nameList: Syntax<readonly string[]> = {
  schema: z.string().transform(partsOf),
  type: 'names',
  expected: 'comma-separated names',
}

/** Absolute folders between commas; `~` is the user's home. */
export const folderList: Syntax<readonly string[]> = {
  schema: z
    .string()
    .transform(partsOf)
    .refine((folders) => folders.every((folder) => ABSOLUTE_OR_HOME.test(folder))),
  type: 'folders',
  expected: 'comma-separated absolute paths of folders',
}

const ABSOLUTE_OR_HOME = /^(?:\/|~(?=$|[/\\])|[A-Za-z]:[\\/])/

function partsOf(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  return [...new Set(parts.filter((part) => part !== ''))]
}

/** Pairs between commas, `name=value`; the last `=` counts. */
export function pairList(values?: readonly string[]): Syntax<Readonly<Record<string, string>>> {
  const pairs = (text: string) =>
    partsOf(text).map((part) => {
      const at = part.lastIndexOf('=')
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const
    })
  return {
    schema: z
      .string()
      .refine((text) =>
        pairs(text).every(
          ([name, value]) => name !== '' && value !== '' && (values?.includes(value) ?? true),
        ),
      )
      .transform((text) => Object.fromEntries(pairs(text))),
    type: 'pairs',
    expected: `comma-separated name=value pairs${values === undefined ? '' : ` with values of ${values.join(', ')}`}`,
  }
}

/** One of a few words, in either case. */
export function oneOf<const T extends readonly string[]>(words: T): Syntax<T[number]> {
  return {
    schema: z.string().toLowerCase().pipe(z.enum(words)),
    type: words.map((word) => `\`${word}\``).join(', '),
    expected: `one of ${words.join(', ')}`,
  }
}

/** The address of a web service; a path is allowed, trailing slashes are dropped. */
export const webAddress: Syntax<string> = {
  schema: z.string().refine(isPlainWebAddress).transform(withoutTrailingSlashes),
  type: 'URL',
  expected: 'an http or https URL without user, query or fragment',
}

/** The address that something is posted to, kept as it is: its path or query may be the key. */
export const hookAddress: Syntax<string> = {
  schema: z.string().refine(isHookAddress),
  type: 'URL',
  expected: 'an http or https URL without user',
}

/** The address of a PostgreSQL database, kept as it is: the driver reads its parameters. */
export const databaseAddress: Syntax<string> = {
  schema: z.string().refine(isDatabaseAddress),
  type: 'URL',
  expected: 'a URL such as postgres://user:password@host:5432/database',
}

/** The address of a mail server, kept as it is. */
export const smtpAddress: Syntax<string> = {
  schema: z.string().refine(isSmtpAddress),
  type: 'URL',
  expected: 'a URL such as smtps://user:password@host:465 or smtp://host:587',
}

function isSmtpAddress(text: string): boolean {
  try {
    const { protocol, hostname, username, password, pathname, search, hash } = new URL(text)
    decodeURIComponent(username)
    decodeURIComponent(password)
    const isPlain = /^\/?$/.test(pathname) && search === '' && hash === ''
    const isPair = (username === '') === (password === '')
    return /^smtps?:$/.test(protocol) && hostname !== '' && isPlain && isPair
  } catch {
    return false
  }
}

const MAIL_ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]{1,64}@[^\s@<>(),;:"\\[\]\p{Cc}]{1,253}$/u

/** An address alone, without a name. */
export const mailAddress: Syntax<string> = {
  schema: z.string().regex(MAIL_ADDRESS),
  type: 'address',
  expected: 'an e-mail address such as ada@example.com',
}

export const mailAddresses: Syntax<readonly string[]> = {
  schema: z
    .string()
    .transform(partsOf)
    .refine((all) => all.length > 0 && all.every((each) => MAIL_ADDRESS.test(each))),
  type: 'addresses',
  expected: 'comma-separated e-mail addresses',
}

function isDatabaseAddress(text: string): boolean {
  try {
    const { protocol, pathname, searchParams } = new URL(text)
    const port = searchParams.get('port') ?? '5432'
    const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535
    return /^postgres(ql)?:$/.test(protocol) && pathname.length > 1 && isPort
  } catch {
    return false
  }
}

/** Headers between commas, values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them. */
export const headerList: Syntax<Readonly<Record<string, string>>> = {
  schema: z
    .string()
    .refine((text) => headersOf(text) !== undefined)
    .transform((text) => headersOf(text) ?? {}),
  type: 'headers',
  expected: 'comma-separated name=value pairs with percent-encoded values',
}

/** `undefined` when one of them cannot be sent. */
function headersOf(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {}
  for (const part of partsOf(text)) {
    const at = part.indexOf('=')
    const name = part.slice(0, at).trim()
    const value = at < 0 ? undefined : percentDecoded(part.slice(at + 1).trim())
    if (value === undefined || !isSendableHeader(name, value)) return undefined
    headers[name.toLowerCase()] = value
  }
  return headers
}

/** Those of one connection: requests that set them fail. */
const OF_THE_CONNECTION: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]

/** Whether a header can be sent with every request, over HTTP and gRPC. */
export function isSendableHeader(name: string, value: string): boolean {
  const isName = /^[\w!#$%&'*+.^`|~-]+$/.test(name)
  return isName && !OF_THE_CONNECTION.includes(name.toLowerCase()) && /^[\x20-\x7e]*$/.test(value)
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** An IANA name. */
export const timeZone: Syntax<string> = {
  schema: z.string().refine(isTimeZone),
  type: 'time zone',
  expected: 'a time zone such as Europe/Vienna or UTC',
}

/** An http or https address without user, password, query and fragment. */
export function isPlainWebAddress(text: string): boolean {
  if (!isHookAddress(text)) return false
  const { search, hash } = new URL(text)
  return search === '' && hash === ''
}

function isHookAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function withoutTrailingSlashes(text: string): string {
  return new URL(text).href.replace(/\/+$/, '')
}
