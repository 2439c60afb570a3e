/**
 * The turns of a session, each with what it added up to: put together from what the machine says
 * when the session is told again, piece by piece as it says it.
 */
import type { Emission, Observation } from '../domain/emission.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { ROOT_KEY } from '../sessions/turns/turn.ts'
import type { Content } from '../api/contract/quantities.ts'
import type { TurnHead } from '../api/contract/turn.ts'
import { cutText, shortId } from './answer-bounds.ts'
import { type LangfuseLinks, shownTraceId } from './langfuse-links.ts'
import type { RecordedText } from './recorded-text.ts'
import { addUsage, costsOf, emptyTokens } from './sums.ts'

/** The newest turns are kept, a few more while they come. */
const MAX_TURNS = 1000
const SLACK = 100

export interface TurnHeads {
  add(emissions: readonly Emission[]): void
  /** One with the same turns, to which what is added is not added here. */
  fork(): TurnHeads
  /** Ids of their traces, by the key of the turn. */
  traceIds(): ReadonlyMap<string, string>
  /** In order, the newest 1000, and how many before them were left out. */
  result(links: LangfuseLinks): { readonly turns: readonly TurnHead[]; readonly omitted: number }
}

export interface TurnHeadsOptions {
  readonly sessionKey: string
  readonly text: RecordedText
  /** Longer prompts and answers are cut. Characters. */
  readonly maxTextLength: number
  /** Only this turn. */
  readonly turnKey?: string
  /** Only turns before the one of this number. */
  readonly beforeOrdinal?: number | undefined
}

type MutableHead = {
  -readonly [K in keyof Omit<TurnHead, 'langfuseUrl' | 'truncated' | 'costUsd'>]: TurnHead[K]
} & { costUsd: number }

interface Gathered {
  readonly head: MutableHead
  readonly trace: Pick<Observation, 'traceKey' | 'agentTraceId'>
}

export function createTurnHeads(options: TurnHeadsOptions): TurnHeads {
  return turnHeads(options, new Map(), 0)
}

function turnHeads(
  options: TurnHeadsOptions,
  known: Map<string, Gathered>,
  omittedBefore: number,
): TurnHeads {
  const { sessionKey, text, maxTextLength, beforeOrdinal = Number.POSITIVE_INFINITY } = options
  const heads = known
  let omitted = omittedBefore

  function headOf(observation: Observation, key: string): MutableHead {
    const found = heads.get(key)
    if (found !== undefined) return found.head
    const { traceKey, agentTraceId } = observation
    const head = emptyHead(key, observation)
    const trace = { traceKey, ...(agentTraceId !== undefined && { agentTraceId }) }
    heads.set(key, { head, trace })
    if (heads.size > MAX_TURNS + SLACK) bound()
    return head
  }

  function bound(): void {
    const byAge = [...heads.values()].sort((a, b) => a.head.startMs - b.head.startMs)
    for (const { head } of byAge.slice(0, Math.max(0, byAge.length - MAX_TURNS))) {
      heads.delete(head.key)
      // Without a number it is what came late to a turn that was counted already.
      if (head.ordinal > 0) omitted += 1
    }
  }

  /** Cut, but one character longer than it is shown, so that the result can tell that it was. */
  function contentOf(value: Observation['input']): Content | null {
    const content = text.contentOf(value)
    if (typeof content?.text !== 'string' || content.text.length <= maxTextLength) return content
    // A copy: a slice would keep all of the text in memory.
    return { ...content, text: Buffer.from(content.text.slice(0, maxTextLength + 1)).toString() }
  }

  function addRoot(head: MutableHead, root: Observation): void {
    const { turn, synthetic, command } = root.metadata
    head.startMs = Math.min(head.startMs, root.startMs)
    head.endMs = Math.max(head.endMs, root.endMs)
    head.ordinal = Number(turn ?? 0)
    if (root.key === ROOT_KEY) {
      head.isSynthetic = synthetic === true
      head.command = typeof command === 'string' ? command : null
      head.prompt = contentOf(root.input) ?? head.prompt
    }
    const isFailure = root.output === `[failed: ${root.statusMessage ?? ''}]`
    if (!isFailure) head.answer = contentOf(root.output) ?? head.answer
  }

  function add(observation: Observation): void {
    const key = turnKeyOf(observation, sessionKey)
    if (key === undefined || (options.turnKey ?? key) !== key) return
    const head = headOf(observation, key)
    const { type, level } = observation
    if (isRoot(observation)) {
      addRoot(head, observation)
      if (head.ordinal >= beforeOrdinal) heads.delete(key)
    }
    if (type === 'generation') {
      if (level === 'ERROR') head.errors += 1
      else head.modelCalls += 1
      addCost(head, observation)
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
    fork: () => {
      const copies = [...heads].map(([key, { head, trace }]): [string, Gathered] => [
        key,
        { head: { ...head, tokens: { ...head.tokens } }, trace },
      ])
      return turnHeads(options, new Map(copies), omitted)
    },
    traceIds: () => new Map([...heads].map(([key, { trace }]) => [key, shownTraceId(trace)])),
    result: (links) => {
      bound()
      // What came late to a turn that had been left out makes a head without a root.
      const isWhole = omitted === 0 && beforeOrdinal === Number.POSITIVE_INFINITY
      const shown = [...heads.values()].filter(({ head }) => isWhole || head.ordinal > 0)
      const turns = shown.map(({ head, trace }) =>
        headShown(head, maxTextLength, links.trace(trace)),
      )
      turns.sort((a, b) => a.ordinal - b.ordinal || a.startMs - b.startMs)
      return { turns, omitted }
    },
  }
}

/** A call that failed costs nothing that anybody knows of, and misses no price. */
function addCost(head: MutableHead, { costUsd, costSource = 'agent', level }: Observation): void {
  if (costUsd === undefined) {
    if (level !== 'ERROR') head.unpricedCalls += 1
    return
  }
  head.costUsd = addUsd(head.costUsd, costUsd)
  if (costSource !== 'agent') head.estimatedUsd = addUsd(head.estimatedUsd, costUsd)
}

function emptyHead(key: string, { startMs, endMs }: Observation): MutableHead {
  return {
    key,
    ordinal: 0,
    startMs,
    endMs,
    isSynthetic: false,
    command: null,
    prompt: { text: null, note: null },
    answer: { text: null, note: null },
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    tokens: emptyTokens(),
    modelCalls: 0,
    toolResults: 0,
    errors: 0,
  }
}

function headShown(head: MutableHead, maxLength: number, langfuseUrl: string | null): TurnHead {
  const { prompt, answer } = head
  const isLong = ({ text }: Content): boolean => text !== null && text.length > maxLength
  const cut = (content: Content): Content =>
    content.text === null ? content : { ...content, text: cutText(content.text, maxLength) }
  return {
    ...head,
    ...costsOf({ ...head, ...head.tokens, calls: head.modelCalls }),
    prompt: cut(prompt),
    answer: cut(answer),
    truncated: isLong(prompt) || isLong(answer),
    langfuseUrl,
  }
}

/** The turn's key within its session, as the API names it; undefined for what belongs to no turn. */
export function turnKeyOf({ traceKey }: Observation, sessionKey: string): string | undefined {
  const prefix = `${sessionKey}/turn/`
  return traceKey.startsWith(prefix) ? shortId(traceKey.slice(prefix.length)) : undefined
}

/** The root of a turn's trace, or what continues it. */
export function isRoot({ type, key }: Observation): boolean {
  return type === 'agent' && (key === ROOT_KEY || key.startsWith(`${ROOT_KEY}|`))
}
