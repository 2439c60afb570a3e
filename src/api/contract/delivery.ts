/** `GET /api/delivery` and what can be done about dead items; the log of what came in. */
import { z } from 'zod'
import { count, timeMs } from './quantities.ts'

export const deadItem = z
  .object({
    id: z.number(),
    /** The exporter that gave it up. */
    exporter: z.string(),
    sessionKey: z.string(),
    /** `observation` or `score`. */
    kind: z.string(),
    attempts: count,
    createdMs: timeMs,
    bytes: count,
    reason: z.string(),
  })
  .meta({ id: 'DeadItem' })
export type DeadItem = z.infer<typeof deadItem>

/** One request of an agent. */
export const ingestRequest = z
  .object({
    timeMs,
    door: z.enum(['http', 'grpc']),
    /** `unknown`: it was refused before that was known. */
    signal: z.enum(['logs', 'metrics', 'traces', 'hooks', 'unknown']),
    /** Of the body as it came. */
    bytes: count,
    /** HTTP status, over gRPC the one that corresponds. */
    status: z.number(),
    /** Records in it that were refused, while the others were kept. */
    rejected: count,
    /**
     * Those of them that are internal to an agent, whose work other records report: nothing to act on.
     * Absent when there are none.
     */
    internal: count.optional(),
    /** Points of metrics that are read but not used, such as gauges; absent when there are none. */
    unused: count.optional(),
    /** Why, each reason once; for a refused request its message. At most 10. */
    reasons: z.array(z.string()),
  })
  .meta({ id: 'IngestRequest' })
export type IngestRequest = z.infer<typeof ingestRequest>

/** Dead items of one exporter that were given up for one reason. */
export const deadReason = z
  .object({
    exporter: z.string(),
    reason: z.string(),
    count,
    /** When the oldest of them was made. */
    oldestMs: timeMs,
  })
  .meta({ id: 'DeadReason' })
export type DeadReason = z.infer<typeof deadReason>

const serverState = z.enum(['connected', 'unconfigured', 'unreachable', 'unauthorized'])

export const exporterDelivery = z
  .object({
    /** `langfuse`, `otlp`, … */
    name: z.string(),
    /** The same for people. */
    label: z.string(),
    state: serverState,
    /** Where it sends to; null while it is not configured. */
    url: z.string().nullable(),
    pending: count,
    dead: count,
    oldestPendingMs: timeMs.nullable(),
    lastDeliveredMs: timeMs.nullable(),
    /** Why deliveries fail at present. */
    lastError: z.string().nullable(),
  })
  .meta({ id: 'ExporterDelivery' })
export type ExporterDelivery = z.infer<typeof exporterDelivery>
/** A record that could not be assigned. */
export const quarantineItem = z
  .object({
    id: z.number(),
    receivedMs: timeMs,
    signal: z.enum(['log', 'metric', 'trace']),
    reason: z.string(),
    message: z.string(),
    /** What it calls itself: event, metric or span. */
    name: z.string(),
    bytes: count,
  })
  .meta({ id: 'QuarantineItem' })
export type QuarantineItem = z.infer<typeof quarantineItem>

export const deliveryAnswer = z
  .object({
    langfuse: z.object({
      state: serverState,
      /** Without keys null. */
      url: z.string().nullable(),
      lastDeliveredMs: timeMs.nullable(),
      /** Why deliveries fail at present. */
      lastError: z.string().nullable(),
    }),
    /** Every exporter that something is kept for. */
    exporters: z.array(exporterDelivery),
    /** Over all exporters: an item that two of them wait for counts twice. */
    outbox: z.object({
      pending: count,
      dead: count,
      /** Deleted for lack of space, ever. */
      dropped: count,
      /** When the oldest pending item was made. */
      oldestPendingMs: timeMs.nullable(),
    }),
    /** The oldest first; at most 200. */
    deadItems: z.array(deadItem),
    /** All of them, by exporter and reason; the most items first, at most 100 reasons. */
    deadReasons: z.array(deadReason).optional(),
    /** Since the start. */
    ingest: z.object({
      requests: count,
      errors: count,
      rejected: count,
      /** Requests refused, and records of others, by reason; the most frequent first. */
      refused: z.array(z.object({ reason: z.string(), count, remedy: z.string() })),
      /** The newest first; at most 200, kept in memory. */
      recent: z.array(ingestRequest),
    }),
    /** Records that could not be assigned, and are kept for a while. */
    quarantine: z.object({
      records: count,
      bytes: count,
      /** Deleted for lack of space, or of age, ever. */
      dropped: count,
      /** The oldest first; at most 100. */
      items: z.array(quarantineItem),
    }),
    retention: z.object({
      /** 0 keeps for ever. */
      days: z.number(),
      /** Of the database with its log; null when it cannot be read. */
      databaseBytes: count.nullable(),
      /** What is in use of that: free pages do not count. */
      usedBytes: count.nullable(),
      /** `MAX_STORE_SIZE`; 0 is no limit. */
      maxBytes: count,
      /** `full`: beyond its bound, and what is left may not be deleted. */
      size: z.enum(['within', 'deleting', 'full']),
      /** While it is full: closed sessions that stay because something of them waits for Langfuse. */
      waitingSessions: count,
      /** Sessions deleted for lack of space, ever. */
      droppedSessions: count,
    }),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.infer<typeof deliveryAnswer>

/** What came of trying records of the quarantine again. */
export const retriedAnswer = z
  .object({
    /** Taken up, and in the quarantine no more. */
    taken: count,
    /** Those that still cannot be assigned. */
    left: count,
  })
  .meta({ id: 'Retried' })
export type Retried = z.infer<typeof retriedAnswer>

/** Which dead items, or records of the quarantine. */
export const deadSelection = z
  .object({ ids: z.union([z.literal('all'), z.array(z.int()).min(1).max(1000)]) })
  .meta({ id: 'DeadSelection' })
export type DeadSelection = z.infer<typeof deadSelection>

export const changedAnswer = z.object({ items: count }).meta({ id: 'Changed' })
export type Changed = z.infer<typeof changedAnswer>
