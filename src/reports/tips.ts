/**
 * What the figures suggest to do differently, at most three things, each with its numbers. Pure:
 * every threshold stands here with its reason. Money is worked out from what the agent itself said
 * calls cost, never from a price list (`input-price.ts`).
 */
import { roundUsd } from '../domain/exact-sum.ts'
import { BUCKET_MS } from '../domain/usage.ts'
import { inputPriceUsd, READ_RATIO, WRITE_RATIO } from './input-price.ts'
import { addSums, emptySums, type Sums } from './sums.ts'

/** Model calls of one session in one quarter of an hour. */
export interface BucketOfModel {
  readonly session: number
  readonly bucketMs: number
  readonly model: string
  readonly isSubagent: boolean
  readonly sums: Sums
}

export interface ToolCount {
  readonly tool: string
  readonly results: number
  readonly failures: number
}

export type Tip =
  | {
      readonly kind: 'cold_cache'
      readonly times: number
      readonly tokens: number
      readonly usd: number
    }
  | {
      readonly kind: 'failing_tool'
      readonly tool: string
      readonly failures: number
      readonly results: number
    }
  | {
      readonly kind: 'dear_subagents'
      readonly model: string
      readonly calls: number
      /** Mean of a call's answer. */
      readonly outputTokens: number
      readonly usd: number
      readonly cheaperModel: string
      readonly cheaperUsd: number
    }

const MAX_TIPS = 3
/** Below a dollar, or a twentieth of all that was spent, a habit is not worth changing. */
const MIN_SAVED_USD = 1
const MIN_SHARE = 0.05
/** Of what the agent had in mind before a pause; less is ordinary growth of the conversation. */
const COLD_SHARE = 0.5
/** A third fails: it is the way it is used, not bad luck; ten tries make it no accident. */
const FAILING_SHARE = 1 / 3
const MIN_RESULTS = 10
/** An answer of this many tokens is a look-up or a short summary. */
const SMALL_OUTPUT_TOKENS = 600
/** Three times the price: more than versions of one class of models differ by. */
const DEAR_FACTOR = 3

/** The most expensive habit first; a tool that fails costs no known sum, and comes last. */
export function tipsOf(
  buckets: readonly BucketOfModel[],
  tools: readonly ToolCount[],
): readonly Tip[] {
  const totalUsd = sumOf(buckets).costUsd
  const minUsd = Math.max(MIN_SAVED_USD, MIN_SHARE * totalUsd)
  const dear = [...coldCache(buckets, minUsd), ...dearSubagents(buckets, minUsd)]
  dear.sort((a, b) => savingOf(b) - savingOf(a))
  return [...dear, ...failingTool(tools)].slice(0, MAX_TIPS)
}

type DearTip = Exclude<Tip, { kind: 'failing_tool' }>

function savingOf(tip: DearTip): number {
  return tip.kind === 'cold_cache' ? tip.usd : tip.usd - tip.cheaperUsd
}

/**
 * After a pause of a quarter of an hour the cache of a conversation is gone, and all of it is
 * written again: 1.25 instead of 0.1 of the price. What was in mind before is the mean input of a
 * call in the last bucket before the pause.
 */
function coldCache(buckets: readonly BucketOfModel[], minUsd: number): readonly DearTip[] {
  let times = 0
  let tokens = 0
  let usd = 0
  const mains = buckets.filter(({ isSubagent }) => !isSubagent)
  for (const ofSession of Map.groupBy(mains, ({ session }) => session).values()) {
    const merged = [...Map.groupBy(ofSession, ({ bucketMs }) => bucketMs)]
      .map(([bucketMs, rows]) => ({ bucketMs, sums: sumOf(rows) }))
      .sort((a, b) => a.bucketMs - b.bucketMs)
    for (const [index, after] of merged.entries()) {
      const before = merged[index - 1]
      if (before === undefined || after.bucketMs - before.bucketMs <= BUCKET_MS) continue
      const inMind = inputOf(before.sums) / Math.max(1, before.sums.calls)
      const again = Math.min(after.sums.cacheCreation, inMind)
      if (again < COLD_SHARE * inMind || again === 0) continue
      times += 1
      tokens += again
      usd += again * (inputPriceUsd(after.sums) ?? 0) * (WRITE_RATIO - READ_RATIO)
    }
  }
  return usd < minUsd ? [] : [{ kind: 'cold_cache', times, tokens, usd: roundUsd(usd) }]
}

/** Short answers of subagents by a model that costs several times another one in use. */
function dearSubagents(buckets: readonly BucketOfModel[], minUsd: number): readonly DearTip[] {
  const byModel = Map.groupBy(buckets, ({ model }) => model)
  const prices = [...byModel].flatMap(([model, rows]) => {
    const price = inputPriceUsd(sumOf(rows))
    return price === undefined ? [] : [{ model, price }]
  })
  const cheapest = prices.toSorted((a, b) => a.price - b.price)[0]
  if (cheapest === undefined) return []
  return prices.flatMap(({ model, price }): DearTip[] => {
    const rows = byModel.get(model)?.filter(({ isSubagent }) => isSubagent) ?? []
    const sum = sumOf(rows)
    const outputTokens = sum.output / Math.max(1, sum.calls)
    if (price < DEAR_FACTOR * cheapest.price || outputTokens > SMALL_OUTPUT_TOKENS) return []
    const cheaperUsd = (sum.costUsd * cheapest.price) / price
    if (sum.costUsd - cheaperUsd < minUsd) return []
    return [
      {
        kind: 'dear_subagents',
        model,
        calls: sum.calls,
        outputTokens,
        usd: sum.costUsd,
        cheaperModel: cheapest.model,
        cheaperUsd: roundUsd(cheaperUsd),
      },
    ]
  })
}

/** The tool with the most failures among those that fail too often. */
function failingTool(tools: readonly ToolCount[]): readonly Tip[] {
  const [worst] = tools
    .filter((t) => t.results >= MIN_RESULTS && t.failures >= FAILING_SHARE * t.results)
    .toSorted((a, b) => b.failures - a.failures)
  if (worst === undefined) return []
  const { tool, failures, results } = worst
  return [{ kind: 'failing_tool', tool, failures, results }]
}

function sumOf(buckets: readonly BucketOfModel[]): Sums {
  const total = emptySums()
  for (const { sums } of buckets) addSums(total, sums)
  return total
}

function inputOf({ input, cacheRead, cacheCreation }: Sums): number {
  return input + cacheRead + cacheCreation
}
