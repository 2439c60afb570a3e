/** The figures of each source, by session and by day, and where the sources differ. */
import type { PriceOf } from '../../domain/price.ts'
import type { RecordReader } from '../../storage/store-reader.ts'
import { dayOf } from '../time-buckets.ts'
import {
  addFigures,
  type Difference,
  differencesOf,
  type Figures,
  figuresOf,
  mergedCall,
  type MetricFigures,
  notesOf,
} from './differences.ts'
import { causeOfDay, type ProviderDay } from './provider-usage.ts'
import { type JoinedCall, type SessionSources, sourcesOf } from './session-sources.ts'

/** null is a source that reports nothing. */
export interface Sides {
  readonly telemetry: Figures | null
  readonly transcript: Figures | null
  /** Each call once, as every other report has it. */
  readonly total: Figures
}

export interface ReconciledSession extends Sides {
  readonly key: string
  readonly sessionId: string
  readonly metrics: MetricFigures | null
  /** The agent's own total in the transcript, US dollars. */
  readonly agentTotalUsd: number | null
  readonly differences: readonly Difference[]
  readonly notes: readonly string[]
}

export interface ReconciledDay extends Sides {
  readonly date: string
  readonly provider: { readonly tokens: number | null; readonly costUsd: number | null } | null
  /** Why the provider's figures differ; null where they do not. */
  readonly cause: string | null
}

export interface Reconciling {
  /** Takes in a session. */
  add(
    session: { readonly key: string; readonly sessionId: string },
    metrics: MetricFigures | undefined,
  ): Promise<ReconciledSession>
  /** The days of all that was taken in, in order. */
  days(provider: readonly ProviderDay[]): readonly ReconciledDay[]
}

export interface ReconcilingDeps {
  readonly records: Pick<RecordReader, 'batches'>
  readonly priceOf: PriceOf | undefined
  readonly timeZone: string
}

export function createReconciling({ records, priceOf, timeZone }: ReconcilingDeps): Reconciling {
  const byDay = new Map<string, Sides>()

  function addDays(calls: readonly JoinedCall[]): void {
    const days = Map.groupBy(
      calls,
      ({ telemetry, transcript }) => dayOf(mergedCall(telemetry, transcript).timeMs, timeZone).date,
    )
    for (const [date, of] of days) {
      const sides = sidesOf(of)
      const before = byDay.get(date)
      byDay.set(date, before === undefined ? sides : added(before, sides))
    }
  }

  return {
    add: async ({ key, sessionId }, metrics) => {
      const sources: SessionSources = await sourcesOf(records, key, priceOf)
      addDays(sources.calls)
      return {
        key,
        sessionId,
        ...sidesOf(sources.calls),
        metrics: metrics ?? null,
        agentTotalUsd: sources.agentTotalUsd ?? null,
        differences: differencesOf(sources, metrics),
        notes: notesOf(sources),
      }
    },
    days: (provider) => {
      const provided = new Map(provider.map((day) => [day.date, day]))
      const dates = [...new Set([...byDay.keys(), ...provided.keys()])].toSorted()
      const totalOn = (date: string) => {
        const sides = byDay.get(date)
        return sides && { costUsd: sides.total.costUsd ?? 0, tokens: tokensOf(sides.total) }
      }
      return dates.map((date) => {
        const of = provided.get(date)
        const neighbours = [-1, 1].map((days) => {
          const other = shifted(date, days)
          return { provider: provided.get(other), total: totalOn(other) }
        })
        const cause = of && causeOfDay(of, totalOn(date), neighbours)
        return {
          date,
          ...(byDay.get(date) ?? NOTHING),
          provider: of ? { tokens: of.tokens ?? null, costUsd: of.costUsd ?? null } : null,
          cause: cause ?? null,
        }
      })
    },
  }
}

function sidesOf(calls: readonly JoinedCall[]): Sides {
  const telemetry = calls.flatMap((call) => (call.telemetry ? [call.telemetry] : []))
  const transcript = calls.flatMap((call) => (call.transcript ? [call.transcript] : []))
  return {
    telemetry: telemetry.length === 0 ? null : figuresOf(telemetry),
    transcript: transcript.length === 0 ? null : figuresOf(transcript),
    total: figuresOf(calls.map((call) => mergedCall(call.telemetry, call.transcript))),
  }
}

const NOTHING: Sides = { telemetry: null, transcript: null, total: figuresOf([]) }

function added(a: Sides, b: Sides): Sides {
  const both = (one: Figures | null, other: Figures | null): Figures | null =>
    one === null || other === null ? (one ?? other) : addFigures(one, other)
  return {
    telemetry: both(a.telemetry, b.telemetry),
    transcript: both(a.transcript, b.transcript),
    total: addFigures(a.total, b.total),
  }
}

/** Of all kinds together. */
function tokensOf({ input, output, cacheRead, cacheCreation }: Figures): number {
  return input + output + cacheRead + cacheCreation
}

function shifted(date: string, days: number): string {
  const ms = Date.parse(`${date}T00:00:00Z`) + days * 86_400_000
  return Number.isNaN(ms) ? date : new Date(ms).toISOString().slice(0, 10)
}
