/**
 * Claude Code's hooks as they are written into a settings file: each posts itself to the bridge.
 * `scripts/claude-hooks.json` is the same for the default address; a test keeps it so.
 */

/** Those that tell more than telemetry does, or tell it at once. */
export const HOOK_EVENTS = [
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'SubagentStart',
  'SubagentStop',
  'Stop',
  'SessionEnd',
] as const

/** An agent waits for its hook, so one that hangs must not hold it up. */
const TIMEOUT_S = 1

export interface HookHandler {
  readonly type: 'http'
  readonly url: string
  readonly timeout: number
  readonly headers?: { readonly Authorization: string }
}

export interface HookGroup {
  readonly hooks: readonly HookHandler[]
}

/** Where a bridge takes them; `base` is its HTTP address without a trailing slash. */
export function hookUrl(base: string): string {
  return `${base}/hooks/claude-code`
}

/** What stands under each of `HOOK_EVENTS`. */
export function hookGroup(url: string, apiKey: string | undefined): HookGroup {
  const headers = apiKey === undefined ? {} : { headers: { Authorization: `Bearer ${apiKey}` } }
  return { hooks: [{ type: 'http', url, timeout: TIMEOUT_S, ...headers }] }
}
