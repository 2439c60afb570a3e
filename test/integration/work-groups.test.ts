/** What commits and pull requests of recordings cost, by each way to ask. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Session } from '../../src/api/contract/session.ts'
import type { UsageAnswer } from '../../src/api/contract/usage.ts'
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

async function bridgeWith(...names: readonly string[]): Promise<TestBridge> {
  const dataDir = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(dataDir))
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  for (const name of names) {
    for (const request of recording(name).requests) {
      expect(await post(bridge.url, request)).toBe(200)
    }
  }
  return bridge
}

async function usage(bridge: TestBridge, group: string): Promise<UsageAnswer> {
  const answer = await fetch(`${bridge.url}/api/usage?group=${encodeURIComponent(group)}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as UsageAnswer
}

const costs = ({ rows }: UsageAnswer) =>
  Object.fromEntries(rows.map(({ names, costUsd }) => [names.join() || '(none)', costUsd]))

describe('the recording with a commit and a pull request', () => {
  test('has the cost of the calls before each', async () => {
    const bridge = await bridgeWith('hooks-mcp-skill-git')
    const commits = await usage(bridge, 'commit')
    const pullRequests = await usage(bridge, 'pull-request')
    expect(costs(commits)).toMatchInlineSnapshot(`
      {
        "(none)": 0.049818,
        "commit 1 of claude-code/6a5415eb-02bb-4b9f-977e-c546fd5f1990": 0.004278,
      }
    `)
    expect(costs(pullRequests)).toMatchInlineSnapshot(`
      {
        "(none)": 0.046982,
        "https://github.com/acme/widgets/pull/7": 0.007114,
      }
    `)
    const committed = await fetch(
      `${bridge.url}/api/sessions/claude-code%2F6a5415eb-02bb-4b9f-977e-c546fd5f1990`,
    )
    // Its own page need not say whose it is.
    expect(((await committed.json()) as Session).work).toMatchObject([{ name: 'commit 1' }])
    const exported = await fetch(`${committed.url}/export?format=markdown`)
    expect(await exported.text()).toContain('- Commit `1`')
    const session = await fetch(
      `${bridge.url}/api/sessions/claude-code%2Fc594d713-2189-4a3d-8d2c-a4c708787177`,
    )
    const { work, turns } = (await session.json()) as Session
    expect(work).toMatchObject([
      {
        kind: 'pull_request',
        url: 'https://github.com/acme/widgets/pull/7',
        repository: 'acme/widgets',
      },
    ])
    expect(turns.map(({ key }) => key)).toContain(work[0]?.turn)
    for (const { rows, totals } of [commits, pullRequests]) {
      const sum = rows.reduce((all, { costUsd }) => all + (costUsd ?? 0), 0)
      expect(sum).toBeCloseTo(totals.costUsd ?? 0, 9)
    }
  })
})
