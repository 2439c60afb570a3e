/** The session machine's settings: when things count as over, and how much it holds. */
import type { PriceOf } from '../domain/price.ts'
import { BYTES_PER_CHARACTER } from './content.ts'

export interface SessionPolicy {
  /** Quiet since the last arrival after which a session closes. */
  readonly idleTimeoutMs: number
  /** Age since it opened at which a session closes whatever happens. */
  readonly maxAgeMs: number
  /** Quiet after a finished main call after which a turn ends. */
  readonly quietTimeoutMs: number
  /** How long a call or a tool waits for what other records tell about it. */
  readonly joinTimeoutMs: number
  /** Quiet after a hook told the session's end, for the last telemetry. */
  readonly sessionEndGraceMs: number
  /** Whether content that hooks carry is shown: `auto` shows it where telemetry shows its own. */
  readonly hookContent: 'auto' | 'on' | 'off'
  /** Labels that become tags as well, by name. */
  readonly tagLabels: readonly string[]
  /** Longer texts are cut, with a note of their length. Characters. */
  readonly maxContentLength: number
  /** Transcripts are folded like telemetry, whether they are exported or not: to look at them here. */
  readonly showsTranscripts?: boolean
  /** Turns open at once; above it the oldest ends. */
  readonly maxOpenTurns: number
  /** Ended turns remembered by key; older ones are known by their time. */
  readonly maxEndedTurns: number
  /** Calls and tools held open in one turn; above it the oldest is let go. */
  readonly maxHeldItems: number
  /** What calls cost of which the agent does not say it; without it that is unknown. */
  readonly priceOf?: PriceOf | undefined
}

/** Bounds that nobody needs to set. */
export const defaultBounds = {
  maxOpenTurns: 32,
  maxEndedTurns: 128,
  maxHeldItems: 250,
} as const

/**
 * What decides how a session falls into turns and closings, and so which rows there are. The rest
 * decides how they look.
 */
const STRUCTURAL = [
  'idleTimeoutMs',
  'maxAgeMs',
  'quietTimeoutMs',
  'joinTimeoutMs',
  'sessionEndGraceMs',
  'maxOpenTurns',
  'maxEndedTurns',
  'maxHeldItems',
] as const satisfies readonly (keyof SessionPolicy)[]

/** What a replay has to know of the policy in force, as text for the store. */
export function policyText(policy: SessionPolicy): string {
  return JSON.stringify(Object.fromEntries(STRUCTURAL.map((name) => [name, policy[name]])))
}

/**
 * The policy under which a session's rows come out as they did when `recorded` was in force, shown
 * as `policy` says. `recorded` is the text of `policyText`; what it lacks is as in `policy`.
 */
export function policyAsRecorded(policy: SessionPolicy, recorded: unknown): SessionPolicy {
  if (typeof recorded !== 'object' || recorded === null) return policy
  const known = recorded as Readonly<Record<string, unknown>>
  const structure: Partial<Record<(typeof STRUCTURAL)[number], number>> = {}
  for (const name of STRUCTURAL) {
    const value = known[name]
    if (typeof value === 'number') structure[name] = value
  }
  return { ...policy, ...structure }
}

/** The default of MAX_CONTENT_LENGTH: a lower setting does not lower the bounds below. */
const USUAL_CONTENT_LENGTH = 100_000

/**
 * Bytes, as JSON, of what a session's state may hold of open turns, and of content that waits for
 * its call or tool. They grow with the length that one text may have, so that a turn's prompt and
 * answer always have room.
 */
export function byteBounds({ maxContentLength }: Pick<SessionPolicy, 'maxContentLength'>): {
  readonly turns: number
  readonly content: number
} {
  const text = BYTES_PER_CHARACTER * Math.max(maxContentLength, USUAL_CONTENT_LENGTH)
  return { turns: 2 * text + 300_000, content: 1.5 * text }
}

/** The settings that people make, with the bounds that nobody needs to set. */
export function policyOf(settings: Omit<SessionPolicy, keyof typeof defaultBounds>): SessionPolicy {
  return { ...settings, ...defaultBounds }
}
