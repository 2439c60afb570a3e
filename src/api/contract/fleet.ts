/** `GET /api/fleet`: who reports with which programs, and who fell silent. */
import { z } from 'zod'
import { count, timeMs } from './quantities.ts'

const days = (fallback: number) => z.coerce.number().int().min(1).max(365).default(fallback)

export const fleetQuery = z.strictObject({
  /** How far back to look for who was active. */
  days: days(30),
  /** Nothing for so long is silence. */
  silentDays: days(3),
})
export type FleetQuery = z.infer<typeof fleetQuery>

export const fleetUser = z
  .object({
    /** Null for all who told none, of an agent together. */
    user: z.string().nullable(),
    agent: z.string(),
    /** Of the newest session, as all below. */
    team: z.string().nullable(),
    version: z.string().nullable(),
    os: z.string().nullable(),
    terminal: z.string().nullable(),
    sessions: count,
    firstMs: timeMs,
    lastMs: timeMs,
    isSilent: z.boolean(),
    signals: z.array(z.enum(['logs', 'metrics', 'traces', 'hooks', 'transcripts'])),
    /** Whether prompts come with their text; null where no prompt was seen. */
    content: z.enum(['on', 'off']).nullable(),
    /** Of metrics; null where none were seen. */
    temporality: z.enum(['delta', 'cumulative']).nullable(),
    /** Values that were masked. */
    masked: count,
  })
  .meta({ id: 'FleetUser' })
export type FleetUser = z.infer<typeof fleetUser>

export const fleetVersion = z
  .object({
    agent: z.string(),
    version: z.string(),
    users: count,
    silentUsers: count,
    lastMs: timeMs,
    /** The highest of that agent that was seen. */
    isNewest: z.boolean(),
  })
  .meta({ id: 'FleetVersion' })
export type FleetVersion = z.infer<typeof fleetVersion>

export const fleetAnswer = z
  .object({
    sinceMs: timeMs,
    /** Who has nothing from then on is silent. */
    silentSinceMs: timeMs,
    /** The most recently active first, at most 2000. */
    users: z.array(fleetUser),
    /** Whether there are more. */
    isCut: z.boolean(),
    /** Of `users`, the newest of each agent first. */
    versions: z.array(fleetVersion),
  })
  .meta({ id: 'Fleet' })
export type Fleet = z.infer<typeof fleetAnswer>
