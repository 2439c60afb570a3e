/**
 * Emissions as they stand in the outbox. They may wait there while the program is replaced by another
 * one, so they say which version wrote them.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type { ItemKind, OutgoingItem } from '../domain/outbox.ts'
import { parseJsonText } from './json-text.ts'

/**
 * Raised when emissions that are stored could be read wrongly. Fields that were added are no reason:
 * those that the first program wrote have none of them, and are delivered as they are.
 */
export const EMISSION_VERSION = 1

export function writeEmission(emission: OutgoingItem): string {
  return JSON.stringify(emission)
}

/** The emission, or why the text is none that this program can deliver. */
export function readEmission(text: string, version: number): Result<OutgoingItem, string> {
  if (version > EMISSION_VERSION) {
    return err(
      `its payload has version ${version}, written by a newer claude-telemetry: this one reads ` +
        `${EMISSION_VERSION}. Update it, then put the item back (outbox retry)`,
    )
  }
  const parsed = parseJsonText(text)
  if (!parsed.ok) return err(`its payload is not JSON: ${parsed.error}`)
  const missing = missingIn(parsed.value)
  if (missing !== undefined) return err(`its payload ${missing}`)
  return ok(parsed.value as OutgoingItem)
}

type Kind = 'string' | 'number' | 'object'

/** What delivery cannot do without. Text of a known version has it; only damage takes it away. */
const required = {
  observation: {
    sessionKey: 'string',
    traceKey: 'string',
    key: 'string',
    type: 'string',
    name: 'string',
    startMs: 'number',
    endMs: 'number',
    level: 'string',
    metadata: 'object',
    context: 'object',
  },
  score: {
    sessionKey: 'string',
    sessionId: 'string',
    key: 'string',
    name: 'string',
    value: 'number',
    comment: 'string',
    target: 'object',
  },
  records: {
    sessionKey: 'string',
    signal: 'string',
  },
} as const satisfies Record<ItemKind, Readonly<Record<string, Kind>>>

function missingIn(value: unknown): string | undefined {
  if (!isObject(value) || !isKind(value.kind)) {
    return 'is neither an observation nor a score'
  }
  const wrong = Object.entries<Kind>(required[value.kind]).find(([name, kind]) => {
    // JSON has null for what is no finite number: whoever encodes it says what is wrong with it.
    const found = value[name]
    return kind === 'object' ? !isObject(found) : typeof found !== kind && found !== null
  })
  return wrong && `has no ${wrong[0]}, as ${value.kind.replace(/s?$/, 's')} have`
}

function isKind(kind: unknown): kind is ItemKind {
  return typeof kind === 'string' && Object.hasOwn(required, kind)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
