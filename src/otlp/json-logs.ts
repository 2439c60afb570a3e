/**
 * ExportLogsServiceRequest in OTLP/JSON to records. A record that cannot be read is refused
 * alone, with its place and what was wrong. Knows nothing of agents.
 */
import type { LogRecord } from '../domain/telemetry-record.ts'
import { readCompactLogs } from './compact-logs.ts'
import { itemByItem, type Signal } from './json-envelope.ts'
import { readLogRecord } from './json-log-record.ts'

export const jsonLogs: Signal<LogRecord> = {
  groups: 'resourceLogs',
  scopes: 'scopeLogs',
  items: 'logRecords',
  ...itemByItem(readLogRecord),
  readCompact: readCompactLogs,
}
