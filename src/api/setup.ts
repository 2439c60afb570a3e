/** What has to be exported so that Claude Code reports here; the page shows it while it is empty. */
import type { Setup } from './contract/access.ts'

/** `baseUrl` is the bridge as the asking browser sees it. */
export function setupOf(baseUrl: string, needsKey: boolean): Omit<Setup, 'hasArrived' | 'seen'> {
  const variables = [
    {
      name: 'CLAUDE_CODE_ENABLE_TELEMETRY',
      value: '1',
      why: 'switches telemetry on; without it nothing else has any effect',
    },
    {
      name: 'OTEL_LOGS_EXPORTER',
      value: 'otlp',
      why: 'prompts, model calls and tools; sent every 5 seconds',
    },
    {
      name: 'OTEL_METRICS_EXPORTER',
      value: 'otlp',
      why: 'lines, commits and active time; sent every 60 seconds',
    },
    {
      name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
      value: 'http/json',
      why: 'always set it: without it some versions send nothing',
    },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: baseUrl, why: 'where the bridge listens' },
    ...(needsKey
      ? [
          {
            name: 'OTEL_EXPORTER_OTLP_HEADERS',
            value: 'Authorization=Bearer <API_KEY>',
            why: 'the API_KEY of the bridge in place of <API_KEY>',
          },
        ]
      : []),
  ]
  return { variables, healthUrl: `${baseUrl}/health` }
}
