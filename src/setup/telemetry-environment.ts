/**
 * The environment that makes Claude Code report to the bridge, from what a person asked for. Pure:
 * the same wish gives the same variables, wherever they are written.
 */

export const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** What of the work itself is recorded, beside its figures. */
export const CONTENTS = ['prompts', 'responses', 'tools', 'api-bodies'] as const
export type Content = (typeof CONTENTS)[number]

export interface TelemetryWish {
  readonly protocol: Protocol
  /** Where Claude Code sends, e.g. `http://127.0.0.1:4318`. */
  readonly endpoint: string
  readonly apiKey?: string
  readonly team?: string
  readonly contents: readonly Content[]
  /** Where the agent writes raw API bodies whole; without it they come in the records, cut. */
  readonly bodyFolder?: string
  readonly traces: boolean
}

export type TelemetryVariables = Readonly<Record<string, string>>

export const RESOURCE_ATTRIBUTES = 'OTEL_RESOURCE_ATTRIBUTES'

function contentVariables(content: Content, { bodyFolder }: TelemetryWish): TelemetryVariables {
  switch (content) {
    case 'prompts':
      return { OTEL_LOG_USER_PROMPTS: '1' }
    case 'responses':
      return { OTEL_LOG_ASSISTANT_RESPONSES: '1' }
    case 'tools':
      return { OTEL_LOG_TOOL_DETAILS: '1', OTEL_LOG_TOOL_CONTENT: '1' }
    case 'api-bodies':
      return { OTEL_LOG_RAW_API_BODIES: bodyFolder === undefined ? '1' : `file:${bodyFolder}` }
  }
}

/** `given` are the resource attributes that are set already: another team's name gives way. */
export function telemetryVariables(wish: TelemetryWish, given = ''): TelemetryVariables {
  const { protocol, endpoint, apiKey, team, contents, traces } = wish
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    // Always: without it some versions send nothing, or crash.
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(apiKey !== undefined && { OTEL_EXPORTER_OTLP_HEADERS: authorization(apiKey) }),
    ...(traces && { CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1', OTEL_TRACES_EXPORTER: 'otlp' }),
    ...Object.fromEntries(
      contents.flatMap((content) => Object.entries(contentVariables(content, wish))),
    ),
    ...(team !== undefined && { [RESOURCE_ATTRIBUTES]: withTeam(given, team) }),
  }
}

/**
 * The space stays a space: Claude Code does not decode what it sends over HTTP. A key with signs
 * that mean something in this variable is encoded; the bridge takes both forms.
 */
function authorization(apiKey: string): string {
  return `Authorization=Bearer ${/^[\w.~-]+$/.test(apiKey) ? apiKey : encodeURIComponent(apiKey)}`
}

function withTeam(given: string, team: string): string {
  const others = given.split(',').filter((pair) => pair.trim() !== '' && !/^\s*team\s*=/.test(pair))
  return [...others, `team=${encodeURIComponent(team)}`].join(',')
}
