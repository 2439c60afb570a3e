/** What exporters get of imported sessions: nothing unless it is asked for, and nothing twice. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { importInto, postTelemetry, sessionsOf } from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')
const cases = readdirSync(corpus).filter((name) => existsSync(join(corpus, name, 'otlp')))

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

type Step = 'telemetry' | 'import' | 'export'

interface Sent {
  /** By trace and span id, each with its content. */
  readonly spans: ReadonlyMap<string, string>
  /** Sorted: what comes first of several sessions is not promised. */
  readonly names: readonly string[]
}

/** Each step by a bridge of its own, so that all it has to say is sent before the next. */
async function sent(name: string, steps: readonly Step[]): Promise<readonly Sent[]> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const after: Sent[] = []
  for (const step of steps) {
    const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
    if (step === 'telemetry') await postTelemetry(bridge.url, join(corpus, name, 'otlp'))
    else {
      await importInto(bridge.url, [join(corpus, name, 'projects')], {
        isExported: step === 'export',
      })
    }
    expect((await sessionsOf(bridge.url)).length).toBeGreaterThan(0)
    await bridge.stop()
    const spans = langfuse.spans()
    after.push({
      spans: new Map(
        spans.map(({ traceId, spanId, name: of, startMs, endMs, input, output, usage, cost }) => [
          `${traceId}/${spanId}`,
          JSON.stringify({ of, startMs, endMs, input, output, usage, cost }),
        ]),
      ),
      names: spans.map((span) => span.name).sort(),
    })
  }
  return after
}

describe.each(cases)('%s', (name) => {
  test('an import sends nothing', async () => {
    const [imported] = await sent(name, ['import', 'import'])
    expect(imported?.names).toEqual([])
  })

  test('telemetry sends the same, whether an import came before, after or never', async () => {
    const [alone] = await sent(name, ['telemetry'])
    const [before, both] = await sent(name, ['telemetry', 'import'])
    const [, later] = await sent(name, ['import', 'telemetry'])
    expect(before).toEqual(alone)
    expect(both).toEqual(alone)
    expect(withoutSummaries(later)).toEqual(withoutSummaries(alone))
  })

  test('an import that is exported sends each thing once, whatever telemetry follows', async () => {
    const [first, again, followed] = await sent(name, ['export', 'export', 'telemetry'])
    expect(first?.names).toContain('conversation')
    expect(first?.names.some((of) => of.startsWith('chat '))).toBe(true)
    expect(again).toEqual(first)
    for (const [id, content] of first?.spans ?? []) expect(followed?.spans.get(id)).toBe(content)
    const generations = (of: Sent | undefined) =>
      of?.names.filter((each) => each.startsWith('chat ')).length
    const roots = (of: Sent | undefined) =>
      of?.names.filter((each) => each.startsWith('conversation')).length
    expect(roots(followed)).toBe(roots(first))
    expect(generations(followed)).toBe(generations(first))
  })
})

test('an export of what telemetry has sent sends nothing, and no second summary', async () => {
  const [told, exported, again] = await sent('2.1.329-tools', ['telemetry', 'export', 'export'])
  expect(told?.names).toContain('session-summary')
  expect(exported).toEqual(told)
  expect(again).toEqual(told)
})

/** A summary has what the whole session adds up to. */
function withoutSummaries(of: Sent | undefined): unknown {
  return [...(of?.spans ?? [])].filter(([, content]) => !content.includes('session-summary'))
}
