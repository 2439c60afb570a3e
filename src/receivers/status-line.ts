/**
 * What a status line tells and asks: answered from what is stored of its session, and stored itself
 * where it tells something new. It runs several times a minute, and most runs tell what the last did.
 */
import type { Visible } from '../domain/access.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { Attributes } from '../domain/json-value.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { STATUS_LINE_HOOK } from '../domain/status-line.ts'
import type { PostedHook } from '../domain/telemetry-record.ts'
import { hookDecoders } from './hooks/hook-body.ts'
import type { Sender } from './ingest-access.ts'

/**
 * Answers a status line of an agent with JSON, the empty object where nothing is stored of its session;
 * the error says what is wrong with what it sent.
 */
export type StatusLineReceiver = (
  agent: string,
  bytes: Buffer,
  sender: Sender,
) => Promise<Result<Uint8Array, string>>

export interface StatusLineDeps {
  /** `StatusFigures` as JSON, of what is visible; undefined for a session that is not. */
  readonly figures: (sessionKey: string, visible: Visible) => Promise<Uint8Array | undefined>
  /** Takes what is told of plan windows. Nobody waits for it. */
  readonly planWindows: (sessionKey: string, limits: unknown) => void
  /** Stores a hook. Nobody waits for it. */
  readonly store: (hook: PostedHook, sender: Sender) => void
}

export const MAX_STATUS_BYTES = 64 * 1024
/** Sessions whose last news is remembered. */
const MAX_SESSIONS = 1000
/** A context that has grown by less, in percent, is no news. */
const CONTEXT_STEP = 10
const NOTHING = new TextEncoder().encode('{}')

export function createStatusLineReceiver({
  figures,
  planWindows,
  store,
}: StatusLineDeps): StatusLineReceiver {
  const told = new Map<string, string>()

  function note(sessionKey: string, { agent, body, labels }: PostedHook, sender: Sender): void {
    const news = newsOf(body)
    if (news === (told.get(sessionKey) ?? NO_NEWS)) return
    told.delete(sessionKey)
    told.set(sessionKey, news)
    for (const oldest of told.keys()) {
      if (told.size <= MAX_SESSIONS) break
      told.delete(oldest)
    }
    store({ agent, body: { ...body, hook_event_name: STATUS_LINE_HOOK }, labels }, sender)
  }

  return async (agent, bytes, sender) => {
    const read = decoded(agent, bytes)
    if (!read.ok) return read
    const { session_id: sessionId } = read.value.body
    if (typeof sessionId !== 'string' || sessionId === '') return err('session_id is missing')
    const sessionKey = sessionKeyOf(agent, sessionId, sender.owner)
    const answer = await figures(sessionKey, visibleToSender(sender))
    // A session is begun by telemetry and hooks, not by its status line.
    if (answer !== undefined) {
      note(sessionKey, read.value, sender)
      planWindows(sessionKey, read.value.body.rate_limits)
    }
    return ok(answer ?? NOTHING)
  }
}

/** A named key sees the spending of its owner alone, and none where it has no owner. */
function visibleToSender({ owner, keyName }: Sender): Visible {
  return owner ?? (keyName === undefined ? 'all' : {})
}

/** In the form and within the bounds of a hook. */
function decoded(agent: string, bytes: Buffer): Result<PostedHook, string> {
  const step = hookDecoders(agent).fromJson(bytes).next()
  if (step.done === true) return err(step.value.message)
  const [hook] = step.value?.accepted ?? []
  return hook === undefined ? err('the body is empty') : ok(hook)
}

/** What makes it worth keeping: plan windows, the pull request, and context in steps. */
function newsOf({ rate_limits: windows, pr, model, context_window: context }: Attributes): string {
  const used = (context as { used_percentage?: unknown } | undefined)?.used_percentage
  const step = typeof used === 'number' ? Math.floor(used / CONTEXT_STEP) : 0
  const id = (model as { id?: unknown } | undefined)?.id
  return JSON.stringify([windows ?? null, pr ?? null, id ?? null, step])
}

const NO_NEWS = newsOf({})
