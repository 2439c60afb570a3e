/**
 * Payloads of public projects (`test/fixtures/public`), each with what a right translation shows.
 * Sent once, twice, and with their requests in reverse: the figures are the same.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { deliveredTokens, type Figures, figuresOf } from './corpus/figures.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const folder = join(import.meta.dirname, '../fixtures/public')

type Known<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : Known<T[K]> }

interface About {
  readonly signal: string
  readonly files: readonly string[]
  readonly figures: Known<Figures>
}

interface Case {
  readonly name: string
  readonly about: About
}

const cases: readonly Case[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    name,
    about: JSON.parse(readFileSync(join(folder, name, 'about.json'), 'utf8')) as About,
  }))
  .filter(({ about }) => about.signal !== 'transcript')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Answer {
  readonly status: number
  readonly rejected: number
  readonly message: string
}

interface Sent {
  readonly langfuse: LangfuseStandIn
  readonly answers: readonly Answer[]
}

async function send({ name }: Case, files: readonly string[]): Promise<Sent> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  const answers: Answer[] = []
  for (const file of files) answers.push(await post(bridge.url, join(folder, name, file)))
  await bridge.stop()
  return { langfuse, answers }
}

async function post(baseUrl: string, file: string): Promise<Answer> {
  const body = readFileSync(file, 'utf8')
  const sent = JSON.parse(body) as Readonly<Record<string, unknown>>
  const path = sent.resourceSpans ? 'traces' : sent.resourceMetrics ? 'metrics' : 'logs'
  const response = await fetch(`${baseUrl}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const answer = (await response.json()) as { partialSuccess?: Readonly<Record<string, unknown>> }
  const { errorMessage = '', ...counts } = answer.partialSuccess ?? {}
  const rejected = Object.values(counts).reduce<number>((sum, count) => sum + Number(count), 0)
  return { status: response.status, rejected, message: String(errorMessage) }
}

/** What the case tells, and the same fields of what came out. */
function expectFigures(expected: Known<Figures>, { langfuse }: Sent): void {
  const found = figuresOf(langfuse.spans())
  expect(comparable(found, expected)).toEqual(comparable(expected, expected))
  const { input, cacheRead, cacheWrite } = found.tokens
  expect(deliveredTokens(langfuse.spans())).toEqual({ input, cacheRead, cacheWrite })
}

function comparable(of: Known<Figures>, told: Known<Figures>): unknown {
  const known = (values: object, by: object) =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([key]) => typeof by[key as never] === 'number')
        .map(([key, value]) => [key, Number(Number(value).toFixed(8))]),
    )
  return { ...known(of, told), tokens: known(of.tokens, told.tokens) }
}

/** Their ids are all zero: the spans are refused, with the reason. */
const INVALID = ['langwatch-05-cursor-otlp', 'langwatch-07-claude-code-foreign-scope']
/** Either one session or a refusal that names the missing id. */
const REFUSABLE = ['langwatch-13-claude-code-logs-without-session']
/** Metrics alone: what they tell stands in the summary beside the figures of events. */
const METRICS = ['lainra-02-claude-code-1.0-metrics']

describe('public payloads', () => {
  test('are there', () => {
    expect(cases.length).toBeGreaterThan(35)
  })

  const others = [...INVALID, ...REFUSABLE, ...METRICS]
  const valid = cases.filter(({ name }) => !others.includes(name))

  test.each(valid)('$name', async (of) => {
    expectFigures(of.about.figures, await send(of, of.about.files))
  })

  test.each(valid)('$name, twice', async (of) => {
    expectFigures(of.about.figures, await send(of, [...of.about.files, ...of.about.files]))
  })

  const several = valid.filter(({ about }) => about.files.length > 1)
  test.each(several)('$name, in reverse', async (of) => {
    expectFigures(of.about.figures, await send(of, of.about.files.toReversed()))
  })

  test.each(cases.filter(({ name }) => METRICS.includes(name)))('$name', async (of) => {
    const { langfuse } = await send(of, [...of.about.files, ...of.about.files])
    const { tokens, agentCostUsd } = of.about.figures
    const { input, output, cacheRead, cacheWrite } = tokens
    const told = (input ?? 0) + (output ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0)
    expect(langfuse.spans().map(({ output }) => output)).toMatchObject([
      { reconciliation: { metrics_cost_usd: agentCostUsd, metrics_tokens: told } },
    ])
  })

  test.each(cases)('$name is never answered 200 and dropped', async (of) => {
    const { langfuse, answers } = await send(of, of.about.files)
    for (const { status } of answers) expect(status).toBe(200)
    if (langfuse.spans().length > 0) return
    for (const { rejected, message } of answers) {
      expect(rejected).toBeGreaterThan(0)
      expect(message).toMatch(/scope|traceId|session|user\.id/)
    }
  })
})
