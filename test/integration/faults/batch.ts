/** One request of a client, and the log records in it by what Langfuse must show of them. */
import { isObject, type JsonObject, listOf, textOf } from '../langfuse-stand-in/stored-span.ts'

/** A log record as the verdict looks for it. */
export interface SentRecord {
  /** Tells it from every other record. */
  readonly id: string
  readonly sessionId: string
  readonly event: string
  /** The row in Langfuse that stands for it alone, where there is one. */
  readonly row?: { readonly kind: RowKind; readonly id: string; readonly costUsd?: number }
}

export type RowKind = 'call' | 'tool' | 'prompt'

export interface Batch {
  readonly path: string
  readonly body: string
  readonly records: readonly SentRecord[]
}

/** Events that have a row of their own, and the attribute that names it. */
const rows: Readonly<Record<string, { readonly kind: RowKind; readonly by: string }>> = {
  api_request: { kind: 'call', by: 'request_id' },
  tool_result: { kind: 'tool', by: 'tool_use_id' },
  user_prompt: { kind: 'prompt', by: 'prompt.id' },
}

/** A batch of an OTLP/JSON body; a body without logs promises no records. */
export function batchOf(path: string, body: string): Batch {
  const parsed: unknown = JSON.parse(body)
  return { path, body, records: logRecordsIn(parsed).map(sentRecord) }
}

/** The same request with about half of its log records; as it is when there is nothing to halve. */
export function halfOf({ path, body }: Batch): Batch {
  const parsed: unknown = JSON.parse(body)
  for (const scope of scopesIn(parsed)) {
    const records = listOf(scope.logRecords).filter(isObject)
    scope.logRecords = records.slice(0, Math.ceil(records.length / 2))
  }
  return batchOf(path, JSON.stringify(parsed))
}

function scopesIn(body: unknown): JsonObject[] {
  const resources = isObject(body) ? listOf(body.resourceLogs).filter(isObject) : []
  return resources.flatMap(({ scopeLogs }) => listOf(scopeLogs).filter(isObject))
}

function logRecordsIn(body: unknown): JsonObject[] {
  return scopesIn(body).flatMap(({ logRecords }) => listOf(logRecords).filter(isObject))
}

function sentRecord(record: JsonObject): SentRecord {
  const value = attributeReader(record)
  const event = value('event.name')
  const sessionId = value('session.id')
  const id = [sessionId, event, value('event.sequence'), textOf(record.timeUnixNano)].join('|')
  const row = rows[event]
  if (row === undefined) return { id, sessionId, event }
  const costUsd = Number(value('cost_usd') || 0)
  return { id, sessionId, event, row: { kind: row.kind, id: value(row.by), costUsd } }
}

/** Reads attributes as text; empty when there is none. */
function attributeReader({ attributes }: JsonObject): (name: string) => string {
  const values = new Map<string, string>()
  for (const { key, value } of listOf(attributes).filter(isObject)) {
    if (isObject(value)) values.set(textOf(key), textOf(Object.values(value)[0]))
  }
  return (name) => values.get(name) ?? ''
}
