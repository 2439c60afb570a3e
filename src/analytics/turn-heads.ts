/**
 * The turns of a session, each with what it added up to: put together from what the machine says
 * when the session is told again, piece by piece as it says it.
 */
import type { Emission, Observation } from '../domain/emission.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { ROOT_KEY } from '../session/turn.ts'
import type { TurnHead } from '../web/contract/turn.ts'
import type { LangfuseLinks } from './langfuse-links.ts'
import type { RecordedText } from './recorded-text.ts'
import { addUsage, emptyTokens } from './token-sums.ts'

/** The newest turns are kept, a few more while they come. */
const MAX_TURNS = 1000
const SLACK = 100

export interface TurnHeads {
  add(emissions: readonly Emission[]): void
  /** In order, the newest 1000, and how many were left out. */
  result(): { readonly turns: readonly TurnHead[]; readonly omitted: number }
}

type MutableHead = { -readonly [K in keyof TurnHead]: TurnHead[K] }

export function createTurnHeads(
  sessionKey: string,
  text: RecordedText,
  links: LangfuseLinks,
): TurnHeads {
  const heads = new Map<string, MutableHead>()
  let omitted = 0

  function headOf(observation: Observation, key: string): MutableHead {
    const known = heads.get(key)
    if (known !== undefined) return known
    const head: MutableHead = {
      key,
      ordinal: 0,
      startMs: observation.startMs,
      endMs: observation.endMs,
      isSynthetic: false,
      command: null,
      prompt: { text: null, note: null },
      answer: { text: null, note: null },
      costUsd: 0,
      tokens: emptyTokens(),
      modelCalls: 0,
      toolResults: 0,
      errors: 0,
      langfuseUrl: links.trace(observation),
    }
    heads.set(key, head)
    if (heads.size > MAX_TURNS + SLACK) bound()
    return head
  }

  function bound(): void {
    const byAge = [...heads.values()].sort((a, b) => a.startMs - b.startMs)
    for (const { key } of byAge.slice(0, Math.max(0, byAge.length - MAX_TURNS))) {
      heads.delete(key)
      omitted += 1
    }
  }

  function addRoot(head: MutableHead, root: Observation): void {
    const { turn, synthetic, command } = root.metadata
    head.startMs = Math.min(head.startMs, root.startMs)
    head.endMs = Math.max(head.endMs, root.endMs)
    head.ordinal = Number(turn ?? 0)
    if (root.key === ROOT_KEY) {
      head.isSynthetic = synthetic === true
      head.command = typeof command === 'string' ? command : null
      head.prompt = text.contentOf(root.input) ?? head.prompt
    }
    const isFailure = root.output === `[failed: ${root.statusMessage ?? ''}]`
    if (!isFailure) head.answer = text.contentOf(root.output) ?? head.answer
  }

  function add(observation: Observation): void {
    const key = turnKeyOf(observation, sessionKey)
    if (key === undefined) return
    const head = headOf(observation, key)
    const { type, level } = observation
    if (isRoot(observation)) addRoot(head, observation)
    if (type === 'generation') {
      if (level === 'ERROR') head.errors += 1
      else head.modelCalls += 1
      head.costUsd = addUsd(head.costUsd, observation.costUsd ?? 0)
      addUsage(head.tokens, observation.usage)
    }
    // A tool at level WARNING was refused or cut off: it has no result.
    if (type === 'tool' && level !== 'WARNING') {
      head.toolResults += 1
      if (level === 'ERROR') head.errors += 1
    }
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    result: () => {
      bound()
      const turns = [...heads.values()].sort(
        (a, b) => a.ordinal - b.ordinal || a.startMs - b.startMs,
      )
      return { turns, omitted }
    },
  }
}

/** The turn's key within its session; undefined for what belongs to no turn. */
export function turnKeyOf({ traceKey }: Observation, sessionKey: string): string | undefined {
  const prefix = `${sessionKey}/turn/`
  return traceKey.startsWith(prefix) ? traceKey.slice(prefix.length) : undefined
}

/** The root of a turn's trace, or what continues it. */
export function isRoot({ type, key }: Observation): boolean {
  return type === 'agent' && (key === ROOT_KEY || key.startsWith(`${ROOT_KEY}|`))
}
