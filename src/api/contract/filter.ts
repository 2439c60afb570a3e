/**
 * What a question is about: a range of time and which sessions. Arrives as query parameters, so
 * numbers are read from text; `attribute` may be repeated.
 */
import { z } from 'zod'
import { usageGroupOf } from '../../domain/usage-group.ts'

/** Parameters that may be repeated and arrive as lists. */
export const LIST_PARAMETERS: ReadonlySet<string> = new Set(['attribute', 'where'])

/** Of a name or a value: longer than anything that is kept, as names that were cut are found by the whole. */
export const MAX_FILTER_LENGTH = 4000
const MAX_KEY_LENGTH = 200

/** One resource attribute of a session, e.g. `crow.session.id=0b0e…`. */
const attributeFilter = z.string().refine((text) => isAttribute(text), 'expected key=value')

/** One name of a group, e.g. `pull-request=https://…/pull/7`. */
const condition = z.string().refine((text) => isCondition(text), 'expected group=name')

const name = z.string().min(1).max(MAX_FILTER_LENGTH)

/** The beginning of year 1 and the end of year 9999: every calendar operation works in between. */
const MIN_TIME_MS = Date.parse('0001-01-01T00:00:00Z')
const MAX_TIME_MS = Date.parse('9999-12-31T23:59:59.999Z')
const NOT_A_TIME = 'expected a time as epoch milliseconds, in the years 1 to 9999'

const timeBound = z.coerce
  .number(NOT_A_TIME)
  .min(MIN_TIME_MS, NOT_A_TIME)
  .max(MAX_TIME_MS, NOT_A_TIME)
  .optional()

/** `from` is included, `to` is not. A session counts when it has a record in between. */
export const filterShape = {
  from: timeBound.meta({ description: 'epoch ms, included; default: no bound' }),
  to: timeBound.meta({ description: 'epoch ms, excluded; default: no bound' }),
  agent: name.optional(),
  model: name.optional(),
  project: name.optional(),
  team: name.optional(),
  user: name.optional(),
  attribute: z
    .array(attributeFilter)
    .max(10)
    .default([])
    .meta({ description: 'key=value of a resource attribute; all of them have to match' }),
  where: z
    .array(condition)
    .max(10)
    .optional()
    .meta({
      description:
        'group=name, such as skill=review: what counts are the calls that a report of that group has ' +
        'under that name; nothing behind = is what names none. All of them have to match',
    }),
}

/** An IANA name; decides where days begin. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'expected an IANA time zone such as Europe/Vienna')
  .default('UTC')

export const filter = z.object(filterShape)
export type Filter = z.output<typeof filter>

/** Whether it begins with the name of a group. */
export function isCondition(text: string): boolean {
  const at = text.indexOf('=')
  return isPair(text) && usageGroupOf(text.slice(0, at)) !== undefined
}

/** Whether it is a key, `=` and a value. */
export function isAttribute(text: string): boolean {
  return isPair(text) && text.indexOf('=') <= MAX_KEY_LENGTH
}

function isPair(text: string): boolean {
  const at = text.indexOf('=')
  return at > 0 && text.length - at - 1 <= MAX_FILTER_LENGTH
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** What there is to choose from, for the filters' menus; at most 100 of each, the most expensive first. */
export const facetsAnswer = z
  .object({
    agents: z.array(z.string()),
    models: z.array(z.string()),
    projects: z.array(z.string()),
    teams: z.array(z.string()),
    users: z.array(z.string()),
    /** Keys of resource attributes. */
    attributes: z.array(z.string()),
  })
  .meta({ id: 'Facets' })
export type Facets = z.infer<typeof facetsAnswer>
