/** What calls were made for, of recordings: what each dimension cost, and that its groups are all. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Overview, Share } from '../../src/api/contract/overview.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { post, recording } from './corpus/recording.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function overviewOf(...names: readonly string[]): Promise<Overview> {
  const dataDir = temporaryFolder()
  const bridge: TestBridge = await startBridge(bridgeEnvironment(dataDir))
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  for (const name of names) {
    for (const request of recording(name).requests) {
      expect(await post(bridge.url, request)).toBe(200)
    }
  }
  const answer = await fetch(`${bridge.url}/api/overview`)
  return (await answer.json()) as Overview
}

const GROUPS = [
  'byQuerySource',
  'bySubagentType',
  'bySkill',
  'byMcpServer',
  'byPlugin',
  'byEffort',
  'byWorkflow',
  'byMcpTool',
  'byCommand',
  'byCostSource',
] as const

const costs = (shares: readonly Share[]) =>
  Object.fromEntries(shares.map(({ name, costUsd }) => [name ?? '(none)', costUsd]))

describe('recordings of Claude Code', () => {
  test('a skill, an MCP server and a subagent cost what their calls say', async () => {
    const overview = await overviewOf('hooks-mcp-skill-git', 'subagent-traces')
    const { costUsd } = overview.totals
    const rest = (...parts: readonly number[]) =>
      expect.closeTo((costUsd ?? 0) - parts.reduce((sum, part) => sum + part, 0), 9) as number
    expect(costs(overview.bySkill)).toEqual({ greet: 0.003436, '(none)': rest(0.003436) })
    expect(costs(overview.byMcpServer)).toEqual({ demo: 0.003436, '(none)': rest(0.003436) })
    expect(costs(overview.byMcpTool)).toEqual({ add: 0.003436, '(none)': rest(0.003436) })
    expect(costs(overview.bySubagentType)).toEqual({
      'general-purpose': 0.033632,
      '(none)': rest(0.033632),
    })
    expect(costs(overview.byQuerySource)).toEqual({
      'agent:builtin:general-purpose': 0.033632,
      sdk: rest(0.033632),
    })
    expect(costs(overview.byEffort)).toEqual({ medium: costUsd })
    expect(costs(overview.byCostSource)).toEqual({ agent: costUsd })
    expect(costs(overview.byPlugin)).toEqual({ '(none)': costUsd })
  })

  test('versions that say nothing of it have one group without a name', async () => {
    const overview = await overviewOf('v1.0.128')
    for (const group of GROUPS.filter((each) => each !== 'byCostSource')) {
      expect(overview[group], group).toMatchObject([{ name: null, modelCalls: 13 }])
    }
  })
})

test.each([
  'cumulative-metrics',
  'large-batches',
  'multi-turn-traces',
  'api-error-terminal',
  'v2.1.112',
])('the groups of any dimension add up to the total: %s', async (name) => {
  const { totals, ...overview } = await overviewOf(name)
  for (const group of GROUPS) {
    const shares = overview[group]
    const sum = (of: (share: Share) => number) => shares.reduce((all, one) => all + of(one), 0)
    expect(
      sum(({ costUsd }) => costUsd ?? 0),
      group,
    ).toBeCloseTo(totals.costUsd ?? 0, 9)
    expect(
      sum(({ modelCalls }) => modelCalls),
      group,
    ).toBe(totals.modelCalls)
    for (const kind of ['input', 'output', 'cacheRead', 'cacheCreation'] as const) {
      expect(
        sum(({ tokens }) => tokens[kind]),
        `${group} ${kind}`,
      ).toBe(totals.tokens[kind])
    }
  }
})
