/**
 * Whether one setting of Claude Code's environment stands in the way of another. Pure.
 */
import type { ClaudeEnvironment } from './claude-environment.ts'
import { fault, type Finding, quote, warning } from './finding.ts'

const SIGNALS = ['LOGS', 'METRICS'] as const

export function overrideFindings(environment: ClaudeEnvironment): readonly Finding[] {
  return [...signalOverrides(environment), ...overridden(environment)]
}

/** Variables for one signal go before the common ones. */
function signalOverrides(environment: ClaudeEnvironment): Finding[] {
  return SIGNALS.flatMap((signal) =>
    (['ENDPOINT', 'PROTOCOL'] as const).flatMap((part) => {
      const name = `OTEL_EXPORTER_OTLP_${signal}_${part}`
      const own = environment.get(name)
      const common = environment.get(`OTEL_EXPORTER_OTLP_${part}`)
      if (own === undefined || own.value.startsWith(common?.value ?? '\0')) return []
      const id = `telemetry.${signal.toLowerCase()}-${part.toLowerCase()}`
      const what = `${name} is ${quote(own.value)} in ${own.from}: ${signal.toLowerCase()} do not go by the common setting`
      return [fault(id, what, `Take ${name} out of ${own.from}`)]
    }),
  )
}

/** Two places that say different things: one of them is not what its writer believes. */
function overridden(environment: ClaudeEnvironment): Finding[] {
  return [
    'CLAUDE_CODE_ENABLE_TELEMETRY',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_LOGS_EXPORTER',
  ].flatMap((name) => {
    const set = environment.get(name)
    if (set === undefined || set.over.length === 0) return []
    const what = `${name} is ${quote(set.value)} by ${set.from}, which goes before ${set.over.join(' and ')}`
    return [
      warning(
        'telemetry.overridden',
        what,
        `Take it out of ${set.over.join(' and ')}, or make them agree`,
      ),
    ]
  })
}
