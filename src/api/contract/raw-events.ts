/**
 * `GET /api/sessions/:key/events` and `/events/:id`: records as received, in order of
 * arrival. A page of them is bounded in bytes, so it may have fewer than asked for.
 */
import { z } from 'zod'
import { timeMs } from './quantities.ts'

export const SIGNALS = ['log', 'metric', 'trace', 'hook', 'transcript'] as const

export const rawEventsQuery = z.object({
  signal: z.enum(SIGNALS).optional(),
  name: z.string().max(200).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export type RawEventsQuery = z.output<typeof rawEventsQuery>

export const rawEvent = z
  .object({
    id: z.number(),
    signal: z.enum(SIGNALS),
    name: z.string(),
    timeMs: timeMs.nullable(),
    receivedMs: timeMs,
    scope: z.string(),
    /** The record's own attributes as JSON. */
    attributes: z.record(z.string(), z.unknown()),
    /**
     * Attributes are cut or left out; the record by itself has them whole, as far as they have not
     * more than two million characters.
     */
    truncated: z.boolean(),
  })
  .meta({ id: 'RawEvent' })
export type RawEvent = z.infer<typeof rawEvent>

export const rawEventsAnswer = z
  .object({ events: z.array(rawEvent), nextCursor: z.string().nullable() })
  .meta({ id: 'RawEvents' })
export type RawEvents = z.infer<typeof rawEventsAnswer>
