/**
 * What `MASK=strict` takes out besides secrets: e-mail addresses and account ids become hashes, by
 * which one person stays one, and home folders are cut from paths.
 */
import { hash } from 'node:crypto'
import type { MaskRule, SecretSpan } from './rule.ts'

const ACCOUNT_ATTRIBUTES = new Set([
  'user.id',
  'user.name',
  'user.full_name',
  'user.account_id',
  'user.account_uuid',
  'enduser.id',
  'organization.id',
  'account_id',
  'account_uuid',
  'account.id',
  'host.name',
  'host.id',
  'process.owner',
  'installation.id',
])

/** Whether an attribute holds the id of an account, a person or a machine. */
export function isAccountAttribute(name: string): boolean {
  return ACCOUNT_ATTRIBUTES.has(name.toLowerCase())
}

const MARKED = /^(?:(?:account|email)-[0-9a-f]{12}$|\[masked: )/

/** The hash that stands for an account; what was masked before stays as it is. */
export function accountMark(value: string): string {
  return MARKED.test(value) ? value : `account-${shortHash(value)}`
}

function shortHash(value: string): string {
  return hash('sha256', value).slice(0, 12)
}

const MAX_LOCAL_PART = 64
const DOMAIN = /@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}/y

function isLocalPart(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x25 ||
    code === 0x2b ||
    code === 0x2d
  )
}

function emailAt(text: string, at: number): SecretSpan | undefined {
  let from = at
  while (from > 0 && at - from < MAX_LOCAL_PART && isLocalPart(text.charCodeAt(from - 1))) from -= 1
  // The letter of an escape, as in `\nada@example.com`.
  if (from < at && text[from - 1] === '\\' && /[nrt]/.test(text.charAt(from))) from += 1
  if (from === at) return undefined
  DOMAIN.lastIndex = at
  const match = DOMAIN.exec(text)
  if (match === null) return undefined
  const to = at + match[0].length
  return { from, to, mark: `email-${shortHash(text.slice(from, to).toLowerCase())}` }
}

const HOME = /(?:\/(?:home|Users)\/|[A-Za-z]:\\{1,8}Users\\{1,8})[^/\\\s"'`:;,)<>]{1,64}/y

function homeAt(text: string, at: number): SecretSpan | undefined {
  const from = text.charAt(at) === ':' ? at - 1 : at
  HOME.lastIndex = Math.max(0, from)
  const match = HOME.exec(text)
  return match === null ? undefined : { from, to: from + match[0].length, mark: '~' }
}

export const personalRules: readonly MaskRule[] = [
  { id: 'email', keywords: ['@'], find: emailAt },
  {
    id: 'home-folder',
    keywords: ['/home/', '/Users/', ':\\Users\\', ':\\\\Users\\\\'],
    isExact: true,
    find: homeAt,
  },
]
