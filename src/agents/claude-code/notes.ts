/**
 * Claude Code's events beside calls and tools: what is worth a place in the trace becomes a
 * note, start-up facts stay `other` and are counted. Rows without a recording follow the
 * monitoring documentation; every attribute is optional.
 */
import type { EventBase, NoteEvent } from '../../domain/agent-event.ts'
import type { Attributes, JsonValue } from '../../domain/json-value.ts'
import type { EventRow } from '../profile.ts'
import { countOf, flagOf, numberOf, present, textOf } from '../read-attribute.ts'

interface NoteShape {
  readonly title: string
  readonly durationMs?: number | undefined
  readonly level?: NoteEvent['level']
  readonly statusMessage?: string | undefined
  readonly isStartUp?: boolean
}

/** Attributes that say who and where, not what. */
const CONTEXT =
  /^(user\.|session\.|organization\.|terminal\.|event\.|prompt\.|app\.|vcs\.|anthropic\.|message\.)|^(agent_id|safe_mode|managed_only)$/

/** Counts of nothing, and flags that are off. */
const SAYS_NOTHING: ReadonlySet<unknown> = new Set(['', 0, '0', false, 'false'])

function detailsOf(attributes: Attributes): Record<string, JsonValue> {
  const details: Record<string, JsonValue> = {}
  for (const key of Object.keys(attributes)) {
    const value = attributes[key]
    if (value === undefined || typeof value === 'object') continue
    if (CONTEXT.test(key) || SAYS_NOTHING.has(value)) continue
    details[key.replaceAll('.', '_')] = value
  }
  return details
}

function note(shownAs: string, shape: (attributes: Attributes) => NoteShape): EventRow {
  return {
    shownAs,
    identifiedBy: [],
    read: (base: EventBase, attributes): NoteEvent => {
      const { title, level = 'DEFAULT', durationMs, statusMessage, isStartUp } = shape(attributes)
      return {
        ...base,
        kind: 'note',
        title,
        level,
        details: detailsOf(attributes),
        ...present({ durationMs, statusMessage, isStartUp }),
      }
    },
  }
}

/** An event that is kept and counted, and shown as such. */
function counted(shownAs: string): EventRow {
  return { shownAs, identifiedBy: [], read: (base) => ({ ...base, kind: 'other' }) }
}

const failedUnless = (succeeded: boolean): NoteEvent['level'] => (succeeded ? 'DEFAULT' : 'ERROR')

/** Absent counts as success: only what says that it failed has failed. */
const succeeded = (attributes: Attributes): boolean =>
  attributes.success === undefined || flagOf(attributes, 'success')

const error = (attributes: Attributes): string | undefined =>
  textOf(attributes, 'error') ?? textOf(attributes, 'error_code')

export const claudeCodeNotes: Readonly<Record<string, EventRow>> = {
  api_retries_exhausted: note('EVENT `retries exhausted` at level ERROR', (a) => ({
    title: 'retries exhausted',
    level: 'ERROR',
    statusMessage: error(a),
  })),
  api_refusal: note('EVENT `refusal` at level WARNING', (a) => ({
    title: 'refusal',
    level: 'WARNING',
    statusMessage: `${textOf(a, 'model') ?? 'the model'} refused to answer`,
  })),
  compaction: note('SPAN `compaction`', (a) => ({
    title: 'compaction',
    durationMs: numberOf(a, 'duration_ms'),
    level: failedUnless(succeeded(a)),
    statusMessage: error(a),
  })),
  permission_mode_changed: note('EVENT `permission mode <new mode>`', (a) => ({
    title: `permission mode ${textOf(a, 'to_mode') ?? 'changed'}`,
  })),
  skill_activated: note('EVENT `skill <name>`', (a) => ({
    title: `skill ${textOf(a, 'skill.name') ?? 'activated'}`,
  })),
  at_mention: note('EVENT `mention <type>`', (a) => ({
    title: `mention ${textOf(a, 'mention_type') ?? ''}`.trim(),
    level: succeeded(a) ? 'DEFAULT' : 'WARNING',
  })),
  mcp_server_connection: note('SPAN `mcp <server>`', (a) => ({
    title: `mcp ${textOf(a, 'server_name') ?? 'server'}`,
    durationMs: numberOf(a, 'duration_ms'),
    level: error(a) === undefined ? 'DEFAULT' : 'ERROR',
    statusMessage: error(a),
    isStartUp: true,
  })),
  hook_execution_complete: note('SPAN `hook <name>`, at level WARNING when a hook failed', (a) => {
    const failed = countOf(a, 'num_blocking') + countOf(a, 'num_non_blocking_error')
    return {
      title: `hook ${textOf(a, 'hook_name') ?? textOf(a, 'hook_event') ?? ''}`.trim(),
      durationMs: numberOf(a, 'total_duration_ms'),
      level: failed > 0 ? 'WARNING' : 'DEFAULT',
      statusMessage:
        failed > 0 ? `${failed} of ${countOf(a, 'num_hooks')} hooks failed` : undefined,
    }
  }),
  internal_error: note('EVENT `internal error` at level ERROR', (a) => ({
    title: 'internal error',
    level: 'ERROR',
    statusMessage: error(a) ?? textOf(a, 'error_name'),
  })),
  auth: note('EVENT `auth <action>`', (a) => ({
    title: `auth ${textOf(a, 'action') ?? ''}`.trim(),
    level: failedUnless(succeeded(a)),
    statusMessage: error(a),
  })),
  plugin_installed: note('EVENT `plugin installed`', () => ({ title: 'plugin installed' })),
  feedback_survey: note('EVENT `feedback survey`', () => ({ title: 'feedback survey' })),
  subagent_completed: {
    shownAs: 'AGENT `subagent <type>` over its calls and tools',
    identifiedBy: [],
    read: (base, a) => ({
      ...base,
      kind: 'subagent_end',
      subagentType: textOf(a, 'agent_type') ?? 'unknown',
      isBackground: flagOf(a, 'is_async'),
      ...present({
        durationMs: numberOf(a, 'duration_ms'),
        totalTokens: numberOf(a, 'total_tokens'),
        toolUses: numberOf(a, 'total_tool_uses'),
        model: textOf(a, 'final_model') ?? textOf(a, 'model'),
      }),
    }),
  },
  hook_execution_start: counted('counted in the summary (its end is shown)'),
  hook_registered: counted('counted in the summary'),
  hook_plugin_metrics: counted('counted in the summary'),
  plugin_loaded: counted('counted in the summary'),
  managed_settings_resolved: counted('counted in the summary'),
  retention_sweep: counted('counted in the summary'),
}
