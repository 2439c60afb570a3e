/**
 * What versions of Claude Code are known to do wrong, as measured on 1.0.128 to 2.1.329. Pure.
 */
import type { ClaudeEnvironment } from './claude-environment.ts'
import { signalVariable } from './signal-plan.ts'

export interface VersionFault {
  /** The first version without it. */
  readonly fixedIn: string
  readonly status: 'warn' | 'fail'
  /** Whether it matters in this environment. */
  readonly matters: (environment: ClaudeEnvironment) => boolean
  readonly what: string
  readonly todo: string
}

const hasNoProtocol = (environment: ClaudeEnvironment): boolean =>
  (['logs', 'metrics'] as const).some(
    (signal) => signalVariable(environment, signal, 'PROTOCOL').value === undefined,
  )

/** A space or a letter beyond ASCII. */
const hasOddResource = (environment: ClaudeEnvironment): boolean =>
  /[^\x21-\x7e]/.test(environment.get('OTEL_RESOURCE_ATTRIBUTES')?.value ?? '')

export const versionFaults: readonly VersionFault[] = [
  {
    fixedIn: '2.0.0',
    status: 'fail',
    matters: hasNoProtocol,
    what: 'exits with an error when an endpoint is set without a protocol',
    todo: 'Set the protocol: claude-telemetry install',
  },
  {
    fixedIn: '2.1.151',
    status: 'fail',
    matters: hasNoProtocol,
    what: 'sends nothing when an endpoint is set without a protocol',
    todo: 'Set the protocol: claude-telemetry install',
  },
  {
    fixedIn: '2.1.123',
    status: 'warn',
    matters: hasOddResource,
    what: 'drops OTEL_RESOURCE_ATTRIBUTES when it contains a space or a non-ASCII character',
    todo: 'Percent-encode it, or update Claude Code: claude update',
  },
  {
    fixedIn: '2.1.80',
    status: 'warn',
    matters: () => true,
    what: 'does not say which prompt an event belongs to, so turns are distinguished by their order',
    todo: 'Update Claude Code: claude update',
  },
]

/** The faults of that version that matter here. */
export function faultsOf(version: string, environment: ClaudeEnvironment): readonly VersionFault[] {
  const found = versionFaults.filter(
    ({ fixedIn, matters }) => isBefore(version, fixedIn) && matters(environment),
  )
  // The worse of two about the same thing is told.
  return found.filter(
    (fault, index) => found.findIndex(({ matters }) => matters === fault.matters) === index,
  )
}

/** By numbers: 2.1.9 comes before 2.1.10. */
function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
