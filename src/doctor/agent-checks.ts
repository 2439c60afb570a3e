/** Whether other agents whose settings are here report to this bridge. */
import type { Config } from '../config/config.ts'
import type { Platform } from '../config/folders.ts'
import {
  type Agent,
  AGENTS,
  agentSettings,
  settingsObject,
  valueAt,
} from '../setup/agent-settings.ts'
import { localAddress } from '../setup/bridge-address.ts'
import { readTarget } from '../setup/target-file.ts'
import { fine, type Finding, skipped, warning } from './finding.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Where each agent's settings name the endpoint; opencode's do not. */
const ENDPOINTS: Readonly<Record<Agent, readonly string[] | undefined>> = {
  codex: ['otel', 'exporter', 'otlp-http', 'endpoint'],
  copilot: ['github.copilot.chat.otel.otlpEndpoint'],
  gemini: ['telemetry', 'otlpEndpoint'],
  opencode: undefined,
  qwen: ['telemetry', 'otlpEndpoint'],
}

/** Switches without which nothing is sent, whatever the endpoint is. */
const SWITCHES: Readonly<Partial<Record<Agent, readonly string[]>>> = {
  copilot: ['github.copilot.chat.otel.enabled'],
  gemini: ['telemetry', 'enabled'],
  qwen: ['telemetry', 'enabled'],
}

/** A finding for each agent that has settings here. */
export function agentFindings(
  variables: Variables,
  platform: Platform,
  { receiver }: Pick<Config, 'receiver'>,
): readonly Finding[] {
  const endpoint = localAddress(receiver, receiver.port)
  return AGENTS.flatMap((agent) => {
    const place = ENDPOINTS[agent]
    if (place === undefined) return []
    const { path, format } = agentSettings(agent, { endpoint, contents: [] }, variables, platform)
    const bytes = readTarget(path)
    if (!bytes.ok || bytes.value === undefined) return []
    const settings = settingsObject(bytes.value.toString(), format)
    const id = `agent.${agent}`
    const install = `claude-telemetry install --agent ${agent}`
    if (!settings.ok) {
      return [warning(id, `${path} ${settings.error}`, `Correct the file, then: ${install}`)]
    }
    const told = valueAt(settings.value, place)
    const isOn = valueAt(settings.value, SWITCHES[agent] ?? place)
    if (typeof told !== 'string' || isOn === false || isOn === undefined) {
      return [skipped(id, `${agent} is set up here but does not report: ${install}`)]
    }
    if (isSameHost(told, endpoint)) return [fine(id, `${agent} reports to ${told}`)]
    const what = `${agent} reports to ${told}, but this bridge listens on ${endpoint}`
    return [warning(id, what, install)]
  })
}

/** Paths differ by protocol, and `localhost` is as good as an address. */
function isSameHost(told: string, endpoint: string): boolean {
  const hostOf = (text: string): string | undefined =>
    URL.canParse(text) ? new URL(text).host.replace(/^localhost(?=:|$)/, '127.0.0.1') : undefined
  return hostOf(told) !== undefined && hostOf(told) === hostOf(endpoint)
}
