/**
 * Where a session spent money or time to no purpose. Pure: every threshold stands here with its reason.
 * Each finding has its figures; what cannot be priced is not reported, but for waiting, which costs time.
 */
import type { WasteFinding } from '../../api/contract/waste.ts'
import { addUsd, roundUsd } from '../../domain/exact-sum.ts'
import type { CallFact, Facts, ToolFact } from './facts.ts'

export type Finding = WasteFinding

/** All of a session, the most expensive first. */
export function findingsOf(facts: Facts): readonly Finding[] {
  return [
    ...retryLoops(facts),
    ...repeatedReads(facts),
    ...coldCaches(facts),
    ...compactions(facts),
    ...largeResults(facts),
    ...expensiveSubagents(facts),
    ...waiting(facts),
  ].sort((a, b) => (b.usd ?? 0) - (a.usd ?? 0))
}

/** Tries of the same that fail one after the other before it is a loop: the second may be patience. */
const LOOP_TRIES = 3

/** What every try after the first cost: the model calls that asked for it. */
function retryLoops({ calls, tools }: Facts): readonly Finding[] {
  const asking = callsThatAsked(calls)
  const found: Finding[] = []
  for (const ofLane of Map.groupBy(tools, ({ lane }) => lane).values()) {
    let run: ToolFact[] = []
    const end = (): void => {
      const finding = run.length >= LOOP_TRIES ? loopOf(run, asking) : undefined
      if (finding !== undefined) found.push(finding)
      run = []
    }
    for (const tool of ofLane) {
      const last = run.at(-1)
      const isSame = last?.tool === tool.tool && last.inputHash === tool.inputHash
      if (!tool.failed || tool.inputHash === undefined || !isSame) end()
      if (tool.failed && tool.inputHash !== undefined) run.push(tool)
    }
    end()
  }
  return merged(found)
}

function loopOf([first, ...again]: readonly ToolFact[], asking: CallOf): Finding | undefined {
  const last = again.at(-1)
  if (first === undefined || last === undefined) return undefined
  const asked = new Set(again.map(asking))
  asked.delete(asking(first))
  const priced = [...asked].filter((call) => call?.usd !== undefined) as CallFact[]
  if (priced.length === 0 || priced.length < asked.size) return undefined
  return {
    kind: 'retry_loop',
    subject: first.tool,
    count: again.length,
    tokens: priced.reduce((sum, call) => sum + inputOf(call) + call.output, 0),
    usd: sumOf(priced.map(({ usd }) => usd ?? 0)),
    ms: last.endMs - first.endMs,
  }
}

/** Tools that read a file, that may change one that they name, and that may change any. */
const READS = /^(?:read|read_file|readfile|view|view_file|notebookread)$/i
const WRITES =
  /^(?:edit|multiedit|write|write_file|writefile|replace|notebookedit|str_replace\w*|create|create_file)$/i
const MAY_WRITE = /bash|shell|exec|terminal|command|patch|task|agent|git/i
/** Bytes of text for one token, the usual rule of thumb for code and English. */
const BYTES_PER_TOKEN = 4

/** A file that was read before, with nothing in between that could have changed it or lost its text. */
function repeatedReads({ calls, tools, compactedMs }: Facts): readonly Finding[] {
  const following = callsThatFollow(calls)
  const lanes = Map.groupBy(tools, ({ lane }) => lane)
  const again = [...lanes.values()].flatMap((ofLane) => readAgain(ofLane, compactedMs))
  return merged(
    again.flatMap((tool): Finding[] => {
      const cost = resultCost(tool, following)
      return cost === undefined
        ? []
        : [{ kind: 'repeated_read', subject: tool.file ?? '', ...cost }]
    }),
  )
}

function readAgain(
  tools: readonly ToolFact[],
  compactedMs: readonly number[],
): readonly ToolFact[] {
  /** When each part of a file was read, as long as nothing has changed it. */
  const known = new Map<string, ReadonlyMap<string, number>>()
  const again: ToolFact[] = []
  for (const tool of tools) {
    const { file, range, endMs } = tool
    if (MAY_WRITE.test(tool.tool)) known.clear()
    if (file === undefined || tool.failed) continue
    if (WRITES.test(tool.tool)) known.delete(file)
    if (!READS.test(tool.tool)) continue
    const before = known.get(file)?.get(range)
    known.set(file, new Map(known.get(file)).set(range, endMs))
    const isLost = compactedMs.some((ms) => ms > (before ?? 0) && ms <= endMs)
    if (before !== undefined && !isLost) again.push(tool)
  }
  return again
}

/** A result larger than this fills a twentieth of a context of 200,000 tokens. */
const LARGE_TOKENS = 10_000

/** What it cost to send results once; each later call reads them again, which is not counted. */
function largeResults({ calls, tools }: Facts): readonly Finding[] {
  const following = callsThatFollow(calls)
  return merged(
    tools.flatMap((tool): Finding[] => {
      if ((tool.resultBytes ?? 0) / BYTES_PER_TOKEN < LARGE_TOKENS) return []
      const cost = resultCost(tool, following)
      return cost === undefined ? [] : [{ kind: 'large_result', subject: tool.tool, ...cost }]
    }),
  )
}

/** What it cost to send a result to the model, which the call after it paid for. */
function resultCost(
  tool: ToolFact,
  following: CallOf,
): Omit<Finding, 'kind' | 'subject'> | undefined {
  const next = following(tool)
  if (tool.resultBytes === undefined || next?.prices === undefined) return undefined
  const sent = next.input + next.cacheCreation
  // The call cannot have sent more than it says.
  const tokens = Math.min(Math.round(tool.resultBytes / BYTES_PER_TOKEN), sent)
  return tokens === 0
    ? undefined
    : { count: 1, tokens, usd: roundUsd(tokens * next.prices.fresh), ms: null }
}

/** The shortest time for which a prompt cache is kept. */
const CACHE_MS = 300_000
/** Of what the model had in mind before the pause; less is ordinary growth of the conversation. */
const COLD_SHARE = 0.5

/** What it cost to write again what had been in the cache before a pause, above reading it there. */
function coldCaches({ calls, compactedMs }: Facts): readonly Finding[] {
  const found: Finding[] = []
  const lanes = Map.groupBy(
    calls.filter(({ querySource }) => !SIDE_CALL.test(querySource)),
    ({ lane, model }) => JSON.stringify([lane, model]),
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

/** Calls beside the conversation share no cache with it. */
const SIDE_CALL = /compact|title|topic|summar|quota|haiku|side/i

/** What the calls cost that summed a conversation up. */
function compactions({ calls, compactedMs }: Facts): readonly Finding[] {
  const made = calls.filter(
    ({ querySource, usd }) => /compact/i.test(querySource) && usd !== undefined,
  )
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
function expensiveSubagents({ calls }: Facts): readonly Finding[] {
  const cheapest = calls.reduce(
    (least, { prices }) => Math.min(least, prices?.cached ?? least),
    Number.POSITIVE_INFINITY,
  )
  const found: Finding[] = []
  for (const [lane, own] of Map.groupBy(calls, (call) => call.lane)) {
    const [first] = own
    if (lane === '' || first?.prices === undefined) continue
    if (own.some(({ model, usd }) => model !== first.model || usd === undefined)) continue
    const output = own.reduce((sum, call) => sum + call.output, 0)
    const factor = first.prices.cached / cheapest
    if (output / own.length > SMALL_OUTPUT_TOKENS || !(factor >= EXPENSIVE_FACTOR)) continue
    const usd = sumOf(own.map((call) => call.usd ?? 0))
    found.push({
      kind: 'expensive_subagent',
      subject: first.model,
      count: 1,
      tokens: own.reduce((sum, call) => sum + inputOf(call) + call.output, 0),
      usd: roundUsd(usd - usd / factor),
      ms: null,
    })
  }
  return merged(found)
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
  const byLane = Map.groupBy(calls, ({ lane }) => lane)
  return ({ requestId, lane, startMs }) => {
    const named = requestId === undefined ? undefined : byRequest.get(requestId)
    const own = byLane.get(lane) ?? []
    return named ?? own[endingBy(own, startMs + SLACK_MS) - 1]
  }
}

/** Finds the call that was sent the result of a tool: the first that began after it. */
function callsThatFollow(calls: readonly CallFact[]): CallOf {
  const byLane = Map.groupBy(
    calls.filter(({ querySource }) => !SIDE_CALL.test(querySource)),
    ({ lane }) => lane,
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
  let [from, to] = [0, calls.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((calls[middle]?.endMs ?? 0) <= ms) from = middle + 1
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
