/** The agents the product knows. A new agent is a folder and a line here. */
import type { Attributes } from '../domain/json-value.ts'
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { claudeCode } from './claude-code/profile.ts'
import { cline } from './cline/profile.ts'
import { codex } from './codex/profile.ts'
import { geminiCli } from './gemini-cli/profile.ts'
import { genai } from './genai/profile.ts'
import { opencodePlugin } from './opencode-plugin/profile.ts'
import type { AgentProfile } from './profile.ts'

/** In the order in which they are asked; the conventions, which anybody may write, come last. */
export const profiles: readonly AgentProfile[] = [
  claudeCode,
  codex,
  geminiCli,
  opencodePlugin,
  cline,
  genai,
]

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

/** The same for a log record, which may say itself what it is. */
export function profileOfLog(record: LogRecord): AgentProfile | undefined {
  return profileOf(record.origin) ?? profiles.find(({ signs }) => signs?.log(record) === true)
}

/** The name of the agent that sent a record which the profile reads. */
export function agentNameOf(profile: AgentProfile, origin: Origin, attributes: Attributes): string {
  return profile.agentOf?.(origin, attributes) ?? profile.agent
}
