/** The agents the product knows. A new agent is a file and a line here. */
import type { Origin } from '../domain/telemetry-record.ts'
import { claudeCode } from './claude-code/profile.ts'
import type { AgentProfile } from './profile.ts'

export const profiles: readonly AgentProfile[] = [claudeCode]

/** The profile of that name, if there is one. */
export function profileNamed(agent: string): AgentProfile | undefined {
  return profiles.find((profile) => profile.agent === agent)
}

/** The agents that post hooks, each to a path of its own. */
export const hookAgents: readonly string[] = profiles
  .filter(({ hooks }) => hooks !== undefined)
  .map(({ agent }) => agent)

/** The profile whose agent sent this, if any is known. */
export function profileOf(origin: Origin): AgentProfile | undefined {
  return profiles.find((profile) => profile.recognises(origin))
}
