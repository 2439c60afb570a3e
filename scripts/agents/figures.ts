/** What the scripted model answered, what the bridge stored and what it delivered, as the same figures. */
import { createPriceTable } from '../../src/prices/price-table.ts'
import type { Session } from '../../src/api/contract/session.ts'
import { deliveredTokens, figuresOf } from '../../test/integration/corpus/figures.ts'
import type { LangfuseStandIn } from '../../test/integration/langfuse-stand-in/stand-in.ts'
import type { RealAgent } from './agents.ts'
import { type Answer, isAnswer, type ServedCall } from './script.ts'

/** Input without what came from the cache, output with reasoning. */
export interface Told {
  readonly sessions: number
  readonly turns: number
  readonly calls: number
  readonly failedCalls: number
  readonly tools: number
  readonly failedTools: number
  readonly input: number
  readonly cacheRead: number
  readonly output: number
  /** Millionths of a dollar. */
  readonly microUsd: number
}

/** Sums of estimates are rounded here and there. */
const ROUNDING = 2

const micro = (usd: number): number => Math.round(usd * 1e6)
const sumOf = <T>(of: readonly T[], read: (each: T) => number): number =>
  of.reduce((sum, each) => sum + read(each), 0)

export function expectedOf(agent: RealAgent, served: readonly ServedCall[]): Told {
  const priceOf = createPriceTable()
  const answers = served.flatMap(({ model, reply }) => (isAnswer(reply) ? [{ model, reply }] : []))
  const sum = (read: (usage: Answer['usage']) => number): number =>
    sumOf(answers, ({ reply }) => read(reply.usage))
  const usd = sumOf(answers, ({ model, reply: { usage } }) => {
    const { input, cached, output } = usage
    const told = { input: input - cached, output, cacheRead: cached, cacheCreation: 0 }
    const query = { provider: agent.provider, model, timeMs: Date.now(), usage: told }
    return priceOf(query)?.usd ?? 0
  })
  return {
    sessions: 1,
    turns: 2,
    calls: answers.length,
    failedCalls: agent.hidesRetries ? 0 : served.length - answers.length,
    tools: 3,
    failedTools: 1,
    input: sum(({ input, cached }) => input - cached),
    cacheRead: sum(({ cached }) => cached),
    output: sum(({ output }) => output),
    microUsd: micro(usd),
  }
}

/** By the commands, as a person asks; `run` gives what one printed. */
export async function storedOf(
  run: (...args: readonly string[]) => Promise<string>,
  agent: string,
): Promise<Told> {
  const list = await run('sessions', '--json', '--agent', agent)
  const all: Session[] = []
  for (const { session } of JSON.parse(list) as readonly { readonly session: string }[]) {
    all.push(JSON.parse(await run('session', '--json', session)) as Session)
  }
  const sum = (read: (session: Session) => number): number => sumOf(all, read)
  return {
    sessions: all.length,
    turns: sum(({ turns }) => turns.length),
    calls: sum(({ strip }) => strip.modelCalls),
    failedCalls: sum(({ strip }) => strip.modelErrors),
    tools: sum(({ strip }) => strip.toolResults),
    failedTools: sum(({ strip }) => strip.toolFailures),
    input: sum(({ strip }) => strip.tokens.input),
    cacheRead: sum(({ strip }) => strip.tokens.cacheRead),
    output: sum(({ strip }) => strip.tokens.output),
    microUsd: micro(sum(({ strip }) => strip.costUsd ?? 0)),
  }
}

/** From the spans that carry usage and money, each of which has to be there once. */
export function deliveredOf(langfuse: LangfuseStandIn, agent: string): Told {
  const ids = new Set<string>()
  const spans = langfuse.spans().filter(({ traceId, spanId, attributes }) => {
    const isNew = !ids.has(`${traceId} ${spanId}`)
    ids.add(`${traceId} ${spanId}`)
    return attributes['langfuse.trace.metadata.agent'] === agent && isNew
  })
  const { sessions, turns, tools } = figuresOf(spans)
  const isFailed = (span: (typeof spans)[number]): boolean =>
    span.attributes['langfuse.observation.level'] === 'ERROR'
  const generations = spans.filter(({ type }) => type === 'generation')
  const failedCalls = generations.filter(isFailed).length
  const { input, cacheRead } = deliveredTokens(spans)
  return {
    sessions,
    turns,
    calls: generations.length - failedCalls,
    failedCalls,
    tools,
    failedTools: spans.filter((span) => span.type === 'tool' && isFailed(span)).length,
    input,
    cacheRead,
    output: sumOf(
      spans,
      ({ usage }) => Number(usage.output ?? 0) + Number(usage.output_reasoning_tokens ?? 0),
    ),
    microUsd: micro(sumOf(spans, ({ cost }) => Number(cost.total ?? 0))),
  }
}

export function differences(expected: Told, told: Told): readonly string[] {
  return (Object.keys(expected) as (keyof Told)[])
    .filter((key) => Math.abs(expected[key] - told[key]) > (key === 'microUsd' ? ROUNDING : 0))
    .map((key) => `${key} is ${told[key]}, the model answered ${expected[key]}`)
}
