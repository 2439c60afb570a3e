/** Transcripts of public projects (`test/fixtures/public`): what they show in Langfuse when exported. */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { deliveredTokens, type Figures, figuresOf } from '../corpus/figures.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { importInto } from './bridge-import.ts'

const folder = join(import.meta.dirname, '../../fixtures/public')

type Known<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : Known<T[K]> }

interface About {
  readonly signal: string
  readonly files: readonly string[]
  readonly figures: Known<Figures>
}

/** opencode keeps sessions in another form, which is not read. */
const OTHER = ['arize-03-opencode-subagent-session']

const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !OTHER.includes(entry.name))
  .map(({ name }) => ({
    name,
    about: JSON.parse(readFileSync(join(folder, name, 'about.json'), 'utf8')) as About,
  }))
  .filter(({ about }) => about.signal === 'transcript')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function exported(
  name: string,
  rounds: readonly (readonly string[])[],
): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  const files = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
    () => removeFolder(files),
  )
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  for (const round of rounds) {
    for (const file of round) copyFileSync(join(folder, name, file), join(files, file))
    const counts = await importInto(
      bridge.url,
      round.filter((file) => file.endsWith('.jsonl')).map((file) => join(files, file)),
      { isExported: true, again: true },
    )
    expect(counts).toMatchObject({ refused: 0, unreadable: [] })
  }
  await bridge.stop()
  return langfuse
}

/** Tools that were asked for and have no result count here as well. */
function found(langfuse: LangfuseStandIn): Figures {
  const spans = langfuse.spans()
  return {
    ...figuresOf(spans),
    tools: spans.filter(({ type }) => type === 'tool').length,
  }
}

function comparable(of: Known<Figures>, told: Known<Figures>): unknown {
  const known = (values: object, by: object) =>
    Object.fromEntries(
      Object.entries(values).filter(([key]) => typeof by[key as never] === 'number'),
    )
  const { tokens, ...rest } = told
  return { ...known(of, rest), tokens: known(of.tokens, tokens) }
}

/**
 * Its four files say that they are of one thread, and none that three of them are of subagents: what
 * else they tell is right.
 */
const UNTOLD: Readonly<Record<string, readonly (keyof Figures)[]>> = {
  'dash0-07-codex-rollouts-with-three-workers': ['turns'],
}

function expectFigures(name: string, about: About, langfuse: LangfuseStandIn): void {
  const untold = Object.fromEntries((UNTOLD[name] ?? []).map((key) => [key, null]))
  const figures: Known<Figures> = { ...about.figures, ...untold }
  const of = found(langfuse)
  expect(comparable(of, figures)).toEqual(comparable(figures, figures))
  const { input, cacheRead, cacheWrite } = of.tokens
  expect(deliveredTokens(langfuse.spans())).toEqual({ input, cacheRead, cacheWrite })
}

test('there are transcripts of several agents', () => {
  expect(cases.length).toBeGreaterThan(12)
})

test.each(cases)('$name', async ({ name, about }) => {
  expectFigures(name, about, await exported(name, [about.files]))
})

test.each(cases)('$name, twice', async ({ name, about }) => {
  expectFigures(name, about, await exported(name, [about.files, about.files]))
})
