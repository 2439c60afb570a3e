/**
 * Settings that an administrator rolls out to the machines of others, for the files that agents read
 * before a user's own. Pure: where the files are put is the administrator's to do.
 */
import type { Agent } from './agent-settings.ts'
import { HOOK_EVENTS, type HookGroup } from './claude-hooks.ts'
import type { TelemetryVariables } from './telemetry-environment.ts'

/** Where agents read settings of the organisation, by their documentation. */
export interface ManagedPlaces {
  readonly linux: string
  readonly macos: string
  readonly windows: string
}

export const CLAUDE_CODE_PLACES: ManagedPlaces = {
  linux: '/etc/claude-code/managed-settings.json',
  macos: '/Library/Application Support/ClaudeCode/managed-settings.json',
  windows: 'C:\\Program Files\\ClaudeCode\\managed-settings.json',
}

/** Those that read such a file; the others take their settings from the user's, or the environment. */
export const AGENT_PLACES: Readonly<Partial<Record<Agent, ManagedPlaces>>> = {
  codex: {
    linux: '/etc/codex/managed_config.toml',
    macos: '/etc/codex/managed_config.toml',
    windows: '%USERPROFILE%\\.codex\\managed_config.toml',
  },
  gemini: {
    linux: '/etc/gemini-cli/settings.json',
    macos: '/Library/Application Support/GeminiCli/settings.json',
    windows: 'C:\\ProgramData\\gemini-cli\\settings.json',
  },
  qwen: {
    linux: '/etc/qwen-code/settings.json',
    macos: '/Library/Application Support/QwenCode/settings.json',
    windows: 'C:\\ProgramData\\qwen-code\\settings.json',
  },
}

/** The text of Claude Code's managed settings. */
export function claudeManagedSettings(
  variables: TelemetryVariables,
  hooks: HookGroup | undefined,
): string {
  const settings = {
    env: variables,
    ...(hooks && { hooks: Object.fromEntries(HOOK_EVENTS.map((event) => [event, [hooks]])) }),
  }
  return JSON.stringify(settings, null, 2)
}
