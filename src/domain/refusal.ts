/**
 * What a person does about requests and records that were refused, by the reason under which they
 * are counted. Commands, doctor and page show these sentences beside the counts.
 */

/** Refusals since the start of the bridge, by reason: requests, and records of requests that succeeded. */
export type RefusalCounts = Readonly<Record<string, number>>

/** What the doctor calls itself when it tries what a client would send. */
export const DOCTOR_USER_AGENT = 'claude-telemetry-doctor'

const remedies: ReadonlyMap<string, string> = new Map([
  ['malformed', 'the ingest log says what was wrong; check which program sends to the bridge'],
  [
    'unauthenticated',
    'have every signal send the key: OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer <API_KEY>" ' +
      '(otelHeadersHelper does not work over gRPC); claude-telemetry doctor tries each signal',
  ],
  ['missing_scope', 'send with a key that has the scope ingest: claude-telemetry keys list'],
  [
    'quota',
    'send less under this key, or make one with a larger quota: claude-telemetry keys list',
  ],
  [
    'foreign_host',
    'the Host header names another machine, as from a container or WSL: start the bridge with ' +
      'API_KEY, and have the client send it',
  ],
  [
    'foreign_origin',
    'a web page sent it, not an agent: check which pages are open in a browser on this machine',
  ],
  [
    'not_found',
    'set OTEL_EXPORTER_OTLP_ENDPOINT to the address alone, or end the endpoint of a signal with ' +
      '/v1/logs, /v1/metrics or /v1/traces',
  ],
  ['method_not_allowed', 'telemetry is sent by POST, over gRPC to the services of OTLP'],
  ['too_slow', 'the client or the network is slow: send smaller batches'],
  ['too_large', 'raise MAX_REQUEST_SIZE, or have the client send smaller batches'],
  [
    'unsupported_type',
    'set OTEL_EXPORTER_OTLP_PROTOCOL to http/json or http/protobuf; grpc has a port of its own',
  ],
  ['unsupported_encoding', 'set OTEL_EXPORTER_OTLP_COMPRESSION to gzip or none'],
  ['headers_too_large', 'send fewer or shorter headers'],
  ['not_stored', "look at the bridge's log, and at the disk of DATA_DIR or the database"],
  ['overloaded', 'raise MAX_IN_FLIGHT_SIZE, or send less at once'],
  ['stopping', 'nothing: the bridge was stopped, and clients try again'],
  ['internal', 'a fault of the bridge: its log has the details; please report it'],
  ['malformed_record', 'the ingest log says which field of which record cannot be read'],
  [
    'unknown_agent',
    'claude-telemetry quarantine list shows the records, and how to take them up; ' +
      'docs/adding-an-agent.md says how to add an agent',
  ],
  ['not_work', 'nothing: the record is internal to an agent, whose work other records report'],
  ['no_event_name', 'keep event.name or the body where a pipeline changes the records'],
  ['no_session', 'keep session.id, on the record or on its resource'],
  ['session_id_too_long', 'keep session.id as the agent sent it'],
])

/** What to do about it. */
export function remedyOf(reason: string): string {
  return remedies.get(reason) ?? "look at the bridge's log"
}

/** Reasons with their counts, the most frequent first. */
export function refusalsBySize(counts: RefusalCounts): readonly (readonly [string, number])[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([a, countA], [b, countB]) => countB - countA || a.localeCompare(b))
}

/** Somebody has to do something about it: the record was not only one of an agent's own concerns. */
export function isToActOn(reason: string): boolean {
  return reason !== 'not_work'
}

/** The same without those that nobody has to do anything about. */
export function refusalsToActOn(counts: RefusalCounts): readonly (readonly [string, number])[] {
  return refusalsBySize(counts).filter(([reason]) => isToActOn(reason))
}
