/**
 * How agents are told of the MCP server: an entry in the file where each keeps those of its user, by its
 * documentation. Pure.
 */
import { posix, win32 } from 'node:path'
import type { Platform } from '../config/folders.ts'
import {
  type Agent,
  agentSettingsPath,
  type AgentValue,
  type SettingsFormat,
} from './agent-settings.ts'
import { globalConfigPath } from './places.ts'

/** A process of this machine, or the bridge of another one. */
export type McpServer =
  | { readonly kind: 'stdio'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'http'; readonly url: string; readonly apiKey?: string }

export interface McpRegistration {
  readonly path: string
  readonly format: SettingsFormat
  readonly value: AgentValue
}

const NAME = 'claude-telemetry'

type Variables = Readonly<Record<string, string | undefined>>

/** Where the entry belongs and what it says; Claude Code unless another agent is named. */
export function mcpRegistration(
  agent: Agent | undefined,
  server: McpServer,
  variables: Variables,
  platform: Platform,
): McpRegistration {
  const entry = (table: string, value: unknown): AgentValue => ({ path: [table, NAME], value })
  if (agent === undefined) {
    const path = globalConfigPath(variables, platform)
    return { path, format: 'json', value: entry('mcpServers', typed(server)) }
  }
  const path = agentSettingsPath(agent, variables, platform)
  switch (agent) {
    case 'codex':
      return { path, format: 'toml', value: entry('mcp_servers', ofCodex(server)) }
    case 'gemini':
    case 'qwen':
      return { path, format: 'json', value: entry('mcpServers', ofGemini(server)) }
    case 'opencode':
      return { path, format: 'json', value: entry('mcp', ofOpencode(server)) }
    case 'copilot': {
      // VS Code keeps servers in a file of their own beside the settings.
      const paths = platform.os === 'win32' ? win32 : posix
      const own = paths.join(paths.dirname(path), 'mcp.json')
      return { path: own, format: 'json', value: entry('servers', typed(server)) }
    }
  }
}

function headersOf(apiKey: string | undefined) {
  return apiKey === undefined ? {} : { headers: { Authorization: `Bearer ${apiKey}` } }
}

function typed(server: McpServer): unknown {
  if (server.kind === 'http') return { type: 'http', url: server.url, ...headersOf(server.apiKey) }
  return { type: 'stdio', command: server.command, args: server.args }
}

function ofCodex(server: McpServer): unknown {
  if (server.kind === 'stdio') return { command: server.command, args: server.args }
  const { headers } = headersOf(server.apiKey)
  return { url: server.url, ...(headers !== undefined && { http_headers: headers }) }
}

function ofGemini(server: McpServer): unknown {
  if (server.kind === 'http') return { httpUrl: server.url, ...headersOf(server.apiKey) }
  return { command: server.command, args: server.args }
}

function ofOpencode(server: McpServer): unknown {
  if (server.kind === 'http')
    return { type: 'remote', url: server.url, ...headersOf(server.apiKey), enabled: true }
  return { type: 'local', command: [server.command, ...server.args], enabled: true }
}
