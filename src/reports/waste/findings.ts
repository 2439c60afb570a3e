/**
 * Where a session spent money or time to no purpose. Pure: every threshold stands here with its reason.
 * Each finding has its figures; what cannot be priced is not reported, but for waiting, which costs time.
 */
import type { WasteFinding } from '../../api/contract/waste.ts'
import { isSideCall, isSubagentCall } from '../../domain/call-dimensions.ts'
import { addUsd, roundUsd } from '../../domain/exact-sum.ts'
import type { PriceOf } from '../../domain/price.ts'
import type { CallFact, Facts, TokenPrices, ToolFact } from './facts.ts'
import { effectOfTool, type ToolEffect } from './tool-effects.ts'

export type Finding = WasteFinding

/** All of a session, the most expensive first; `priceOf` prices other models than those that were used. */
export function findingsOf(facts: Facts, priceOf?: PriceOf): readonly Finding[] {
  return [
    ...retryLoops(facts),
    ...repeatedReads(facts),
    ...coldCaches(facts),
    ...compactions(facts),
    ...largeResults(facts),
    ...expensiveSubagents(facts, priceOf),
    ...waiting(facts),
  ].sort((a, b) => (b.usd ?? 0) - (a.usd ?? 0))
}

/** Tries of the same that fail one after the other before it is a loop: the second may be patience. */
const LOOP_TRIES = 3

/** What every try after the first cost: the model calls that asked for it. */
function retryLoops({ calls, tools, turns }: Facts): readonly Finding[] {
  const prompts = turns.filter(({ isPrompt }) => isPrompt).map(({ startMs }) => startMs)
  const loops: (readonly ToolFact[])[] = []
  for (const ofLane of Map.groupBy(tools, ({ lane }) => lane).values()) {
    // By tool and input: several may fail in turn.
    const runs = new Map<string, ToolFact[]>()
    const end = (): void => {
      loops.push(...[...runs.values()].filter(({ length }) => length >= LOOP_TRIES))
      runs.clear()
    }
    let last: ToolFact | undefined
    for (const tool of ofLane) {
      // Whoever asks again wants it to be tried again.
      const isAsked = last !== undefined && hasBetween(prompts, last.startMs, tool.startMs)
      if (isAsked || !tool.failed || tool.inputHash === undefined) end()
      last = tool
      if (!tool.failed || tool.inputHash === undefined) continue
      const key = JSON.stringify([tool.tool, tool.inputHash])
      const run = runs.get(key)
      if (run === undefined) runs.set(key, [tool])
      else run.push(tool)
    }
    end()
  }
  return merged(loopsOf(loops, callsThatAsked(calls)))
}

/** A call that asked for tools of several loops costs each of them its share. */
function loopsOf(loops: readonly (readonly ToolFact[])[], asking: CallOf): readonly Finding[] {
  const asked = loops.map(([first, ...again]) => {
    const of = new Set(again.map(asking))
    if (first !== undefined) of.delete(asking(first))
    return of
  })
  const shares = new Map<CallFact | undefined, number>()
  for (const call of asked.flatMap((of) => [...of])) shares.set(call, (shares.get(call) ?? 0) + 1)
  return loops.flatMap((loop, at): readonly Finding[] => {
    const [first, last] = [loop.at(0), loop.at(-1)]
    const of = asked[at] ?? new Set()
    const priced = [...of].filter((call) => call?.usd !== undefined) as CallFact[]
    if (first === undefined || last === undefined) return []
    if (priced.length === 0 || priced.length < of.size) return []
    const share = (call: CallFact, whole: number): number => whole / (shares.get(call) ?? 1)
    return [
      {
        kind: 'retry_loop',
        subject: first.tool,
        count: loop.length - 1,
        tokens: Math.floor(
          priced.reduce((sum, call) => sum + share(call, inputOf(call) + call.output), 0),
        ),
        usd: sumOf(priced.map((call) => roundUsd(share(call, call.usd ?? 0)))),
        ms: last.endMs - first.endMs,
      },
    ]
  })
}

/** Whether one of the times, which are in order, lies behind one time and not behind the other. */
function hasBetween(times: readonly number[], fromMs: number, toMs: number): boolean {
  return countUpTo(times, toMs, identity) > countUpTo(times, fromMs, identity)
}

function identity(ms: number): number {
  return ms
}

/** Bytes of text for one token, the usual rule of thumb for code and English. */
const BYTES_PER_TOKEN = 4

/** A file that was read before, with nothing in between that could have changed it or lost its text. */
function repeatedReads(facts: Facts): readonly Finding[] {
  const again = readAgain(facts)
  return merged(
    resultCosts(facts).flatMap(({ tool, cost }): Finding[] =>
      again.has(tool) ? [{ kind: 'repeated_read', subject: tool.file ?? '', ...cost }] : [],
    ),
  )
}

function readAgain({ tools, turns, compactedMs }: Facts): ReadonlySet<ToolFact> {
  /** When each part of a file was read by whom, as long as nothing has changed it. */
  const known = new Map<string, Map<string, number>>()
  const again = new Set<ToolFact>()
  let writtenMs = Number.NEGATIVE_INFINITY
  const mayWrite = tools.filter(({ tool }) => isWriting(effectOfTool(tool)))
  const atWork = workAt(mayWrite)
  // A person may have changed any file before a prompt; so may what woke the agent.
  const lostMs = [...turns.map(({ startMs }) => startMs), ...compactedMs].sort((a, b) => a - b)
  for (const tool of tools) {
    const { lane, file, range, startMs, endMs } = tool
    const effect = effectOfTool(tool.tool)
    if (isWriting(effect)) {
      writtenMs = endMs
      const isOne = effect === 'edit' && file !== undefined
      if (isOne) known.delete(fileName(file))
      else known.clear()
    }
    if (effect !== 'read' || file === undefined || tool.failed) continue
    const name = fileName(file)
    // What is written meanwhile may be in what was read, or not.
    if (writtenMs > startMs || atWork(tool)) {
      known.delete(name)
      continue
    }
    const ofName = known.get(name) ?? new Map<string, number>()
    const part = JSON.stringify([lane, plainPath(file), range])
    const before = ofName.get(part)
    known.set(name, ofName.set(part, startMs))
    if (before !== undefined && !hasBetween(lostMs, before, endMs)) again.add(tool)
  }
  return again
}

function isWriting(effect: ToolEffect): boolean {
  return effect === 'edit' || effect === 'unknown'
}

/**
 * Tells whether one of these tools, which are in order of their ends, was at work when another one ended
 * and went on afterwards. A tool that runs subagents does nothing beside what these do.
 */
function workAt(tools: readonly ToolFact[]): (tool: ToolFact) => boolean {
  const starts = tools.toSorted((a, b) => a.startMs - b.startMs)
  const lastEnds: { readonly all: number; readonly main: number }[] = []
  for (const { endMs, tool, lane } of starts) {
    const { all, main } = lastEnds.at(-1) ?? { all: 0, main: 0 }
    const runsSubagents = RUNS_SUBAGENTS.test(tool) && lane === ''
    lastEnds.push({
      all: runsSubagents ? all : Math.max(all, endMs),
      main: Math.max(main, endMs),
    })
  }
  return ({ lane, endMs }) => {
    const begun = lastEnds[countUpTo(starts, endMs, ({ startMs }) => startMs) - 1]
    const last = lane === '' ? begun?.main : begun?.all
    return last !== undefined && last > endMs
  }
}

const RUNS_SUBAGENTS = /^(?:agent|task|runsubagent|spawn_agent|delegate_to_agent|new_task)$/i

/** Of a path, which may be written in several ways, and lead through links. */
function fileName(path: string): string {
  return (path.split(/[/\\]/).findLast((part) => part !== '' && part !== '.') ?? path).toLowerCase()
}

function plainPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split(/[/\\]/)) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

/** A result larger than this fills a twentieth of a context of 200,000 tokens. */
const LARGE_TOKENS = 10_000

/** What it cost to send results once; each later call reads them again, which is not counted. */
function largeResults(facts: Facts): readonly Finding[] {
  return merged(
    resultCosts(facts).flatMap(({ tool, cost }): Finding[] =>
      cost.tokens < LARGE_TOKENS ? [] : [{ kind: 'large_result', subject: tool.tool, ...cost }],
    ),
  )
}

interface ResultCost {
  readonly tool: ToolFact
  readonly cost: Omit<Finding, 'kind' | 'subject' | 'tokens'> & { readonly tokens: number }
}

/**
 * What it cost to send results to the model, which the call after them paid for. Together, the results of
 * a call are no more than it was sent.
 */
function resultCosts({ calls, tools, compactedMs }: Facts): readonly ResultCost[] {
  const following = callsThatFollow(calls)
  const byCall = Map.groupBy(
    tools.filter(({ resultBytes = 0 }) => resultBytes > 0),
    (tool) => {
      const next = following(tool)
      // A summary was sent in the place of a result.
      return next && hasBetween(compactedMs, tool.endMs, next.startMs) ? undefined : next
    },
  )
  return [...byCall].flatMap(([call, results]) =>
    call?.prices === undefined ? [] : shared(call, call.prices, results),
  )
}

function shared(
  { input, cacheCreation }: CallFact,
  prices: TokenPrices,
  results: readonly ToolFact[],
): readonly ResultCost[] {
  const tokensOf = ({ resultBytes = 0 }: ToolFact): number => resultBytes / BYTES_PER_TOKEN
  const told = results.reduce((sum, tool) => sum + tokensOf(tool), 0)
  const sent = Math.min(told, input + cacheCreation)
  // What is new goes into the cache first.
  const written = Math.min(sent, cacheCreation)
  const usd = written * prices.fresh + (sent - written) * prices.input
  return results.flatMap((tool): readonly ResultCost[] => {
    const share = tokensOf(tool) / told
    const tokens = Math.floor(sent * share)
    if (tokens === 0) return []
    return [{ tool, cost: { count: 1, tokens, usd: roundUsd(usd * share), ms: null } }]
  })
}

/** The shortest time for which a prompt cache is kept. */
const CACHE_MS = 300_000
/** Of what the model had in mind before the pause; less is ordinary growth of the conversation. */
const COLD_SHARE = 0.5

/** What it cost to write again what had been in the cache before a pause, above reading it there. */
function coldCaches({ calls, compactedMs }: Facts): readonly Finding[] {
  const found: Finding[] = []
  // Calls beside the conversation share no cache with it.
  const lanes = Map.groupBy(
    calls.filter((call) => !isSideCall(call.querySource)),
    (call) => JSON.stringify([laneOf(call), call.model]),
  )
  for (const ofLane of lanes.values()) {
    for (const [at, call] of ofLane.entries()) {
      const before = ofLane[at - 1]
      if (before === undefined || call.startMs - before.endMs < CACHE_MS) continue
      if (compactedMs.some((ms) => ms > before.endMs && ms <= call.endMs)) continue
      const inMind = before.cacheRead + before.cacheCreation
      const again = Math.min(call.cacheCreation, inMind - call.cacheRead)
      if (again <= 0 || again < COLD_SHARE * inMind || call.prices === undefined) continue
      found.push({
        kind: 'cold_cache',
        subject: call.model,
        count: 1,
        tokens: again,
        usd: roundUsd(again * (call.prices.fresh - call.prices.cached)),
        ms: call.startMs - before.endMs,
      })
    }
  }
  return merged(found)
}

const COMPACTION = /(?:^|[^a-z])(?:auto_?)?compact(?:ion|ing)?(?![a-z])/i

function isCompaction({ querySource }: CallFact): boolean {
  return COMPACTION.test(querySource) && !isSubagentCall(querySource)
}

/** The subagent that made a call, which its source says as well. */
function laneOf({ lane, querySource }: CallFact): string {
  return lane === '' && isSubagentCall(querySource) ? querySource : lane
}

/** What the calls cost that summed a conversation up. */
function compactions({ calls, compactedMs }: Facts): readonly Finding[] {
  const made = calls.filter((call) => isCompaction(call) && call.usd !== undefined)
  if (made.length === 0) return []
  return [
    {
      kind: 'compaction',
      subject: '',
      count: Math.max(made.length, compactedMs.length),
      tokens: made.reduce((sum, call) => sum + inputOf(call) + call.output, 0),
      usd: sumOf(made.map(({ usd }) => usd ?? 0)),
      ms: made.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0),
    },
  ]
}

/** An answer of this many tokens is a look-up or a short summary. */
const SMALL_OUTPUT_TOKENS = 600
/** Three times the price: more than versions of one class of models differ by. */
const EXPENSIVE_FACTOR = 3

/** Subagents with short answers by a model that costs several times another one in the same session. */
function expensiveSubagents({ calls }: Facts, priceOf: PriceOf | undefined): readonly Finding[] {
  const models = [...new Set(calls.map(({ model }) => model))]
  const found: Finding[] = []
  for (const [lane, own] of Map.groupBy(calls, laneOf)) {
    const [first] = own
    if (lane === '' || first === undefined || priceOf === undefined) continue
    if (own.some(({ model, usd }) => model !== first.model || usd === undefined)) continue
    const output = own.reduce((sum, call) => sum + call.output, 0)
    if (output / own.length > SMALL_OUTPUT_TOKENS) continue
    const told = priceBy(first.model, own, priceOf)
    const others = models.filter((model) => model !== first.model)
    const cheapest = Math.min(...others.map((model) => priceBy(model, own, priceOf)))
    if (!Number.isFinite(told) || !(told >= EXPENSIVE_FACTOR * cheapest)) continue
    const usd = sumOf(own.map((call) => call.usd ?? 0))
    found.push({
      kind: 'expensive_subagent',
      subject: first.model,
      count: 1,
      tokens: own.reduce((sum, call) => sum + inputOf(call) + call.output, 0),
      usd: roundUsd(usd * (1 - cheapest / told)),
      ms: null,
    })
  }
  return merged(found)
}

/** What calls would have cost by a model; infinite where nobody knows its price. */
function priceBy(model: string, calls: readonly CallFact[], priceOf: PriceOf): number {
  return calls.reduce((sum, { startMs, usage }) => {
    const usd = priceOf({ model, timeMs: startMs, usage })?.usd
    return sum + (usd !== undefined && usd > 0 ? usd : Number.POSITIVE_INFINITY)
  }, 0)
}

/** A person who takes this long was not looking. */
const LONG_WAIT_MS = 30_000

/** Tools that waited for permission. */
function waiting({ tools }: Facts): readonly Finding[] {
  return merged(
    tools.flatMap(({ tool, waitedMs }): Finding[] =>
      waitedMs < LONG_WAIT_MS
        ? []
        : [{ kind: 'waiting', subject: tool, count: 1, tokens: null, usd: null, ms: waitedMs }],
    ),
  )
}

/** Findings of one kind about the same as one. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const byWhat = new Map<string, Finding>()
  for (const finding of findings) {
    const key = JSON.stringify([finding.kind, finding.subject])
    const before = byWhat.get(key)
    byWhat.set(key, before === undefined ? finding : addFindings(before, finding))
  }
  return [...byWhat.values()]
}

/** Two findings of one kind as one. */
export function addFindings(a: Finding, b: Finding): Finding {
  const add = (one: number | null, other: number | null): number | null =>
    one === null && other === null ? null : (one ?? 0) + (other ?? 0)
  return {
    kind: a.kind,
    subject: a.subject,
    count: a.count + b.count,
    tokens: add(a.tokens, b.tokens),
    usd: a.usd === null && b.usd === null ? null : addUsd(a.usd ?? 0, b.usd ?? 0),
    ms: add(a.ms, b.ms),
  }
}

/** A finding over several sessions. */
export interface SharedFinding extends Finding {
  readonly sessions: number
}

/** Findings of one kind about the same, over all sessions; the most expensive first. */
export function sharedFindings(findings: readonly SharedFinding[]): readonly SharedFinding[] {
  const byWhat = Map.groupBy(findings, ({ kind, subject }) => JSON.stringify([kind, subject]))
  return [...byWhat.values()]
    .map((same) =>
      same.reduce((a, b) => ({ ...addFindings(a, b), sessions: a.sessions + b.sessions })),
    )
    .sort((a, b) => (b.usd ?? 0) - (a.usd ?? 0) || (b.ms ?? 0) - (a.ms ?? 0))
}

type CallOf = (tool: ToolFact) => CallFact | undefined

/** Finds the call that asked for a tool: by its request, else the last that was over before it began. */
function callsThatAsked(calls: readonly CallFact[]): CallOf {
  const byRequest = new Map(calls.map((call) => [call.requestId, call]))
  const byLane = Map.groupBy(calls, laneOf)
  return ({ requestId, lane, startMs }) => {
    const named = requestId === undefined ? undefined : byRequest.get(requestId)
    const own = byLane.get(lane) ?? []
    return named ?? own[endingBy(own, startMs + SLACK_MS) - 1]
  }
}

/** Finds the call that was sent the result of a tool: the first that began after it. */
function callsThatFollow(calls: readonly CallFact[]): CallOf {
  const byLane = Map.groupBy(
    calls.filter((call) => !isSideCall(call.querySource)),
    laneOf,
  )
  return ({ lane, endMs }) => {
    const own = byLane.get(lane) ?? []
    let at = endingBy(own, endMs)
    for (; at < own.length; at += 1) {
      const call = own[at]
      if (call !== undefined && call.startMs >= endMs - SLACK_MS) return call
    }
    return undefined
  }
}

/** How many of the calls, which are in order of their ends, ended by then. */
function endingBy(calls: readonly CallFact[], ms: number): number {
  return countUpTo(calls, ms, ({ endMs }) => endMs)
}

/** How many of those that are in order of a time are not behind it. */
function countUpTo<T>(ordered: readonly T[], ms: number, timeOf: (each: T) => number): number {
  let [from, to] = [0, ordered.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const each = ordered[middle]
    if (each !== undefined && timeOf(each) <= ms) from = middle + 1
    else to = middle
  }
  return from
}

/** Clocks of events round. */
const SLACK_MS = 5

function inputOf({ input, cacheRead, cacheCreation }: CallFact): number {
  return input + cacheRead + cacheCreation
}

function sumOf(usd: readonly number[]): number {
  return usd.reduce(addUsd, 0)
}
