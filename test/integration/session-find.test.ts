/** Finding a text in a session: everywhere, also where lists cut texts, in the order in which it happened. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FindAnswer } from '../../src/api/contract/session-find.ts'
import { post, toolResult } from './cli/telemetry.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'

const MANY = 700
let bridge: TestBridge

beforeAll(async () => {
  bridge = await startBridge(bridgeEnvironment(temporaryFolder()))
  const prompt = (id: string, text: string) => ({
    name: 'user_prompt',
    values: { 'prompt.id': id, prompt: text },
  })
  const tool = (id: string, toolUseId: string, values: Record<string, string>) =>
    toolResult('Bash', { 'prompt.id': id, tool_use_id: toolUseId, ...values })
  await post(bridge.url, [
    {
      id: 'told',
      events: [
        prompt('p1', 'Where is the NEEDLE?'),
        tool('p1', 't1', {
          tool_input: JSON.stringify({ command: `echo ${'x'.repeat(5000)} needle` }),
        }),
        tool('p1', 't2', { tool_input: JSON.stringify({ command: 'ls' }) }),
        tool('p1', 't3', { success: 'false', error: 'no needle\u001b[2J in there' }),
        prompt('p2', 'Give up.'),
        tool('p2', 't4', { tool_input: JSON.stringify({ command: 'find needle' }) }),
      ],
    },
    {
      id: 'much',
      events: [
        prompt('p1', 'count'),
        ...Array.from({ length: MANY }, (_, index) =>
          tool('p1', `m${index}`, {
            tool_input: JSON.stringify({ command: `echo needle ${index}` }),
          }),
        ),
      ],
    },
  ])
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
})

const find = (id: string, q: string) =>
  fetch(`${bridge.url}/api/sessions/${encodeURIComponent(`claude-code/${id}`)}/find?q=${q}`)

const found = async (id: string, q: string) => (await (await find(id, q)).json()) as FindAnswer

test('it is found in whole texts of any kind, in capitals or not', async () => {
  const { matches, omitted } = await found('told', 'needle')
  expect(omitted).toBe(0)
  expect(matches.map(({ ordinal, where }) => [ordinal, where])).toEqual([
    [1, 'prompt'],
    [1, 'input'],
    [1, 'message'],
    [2, 'name'],
  ])
  const [prompt, input, message] = matches
  expect(prompt).toMatchObject({ item: null, excerpt: 'Where is the NEEDLE?' })
  expect(input?.item).toEqual(expect.stringContaining('t1'))
  expect(input?.excerpt).toMatch(/^…x+ needle/)
  expect(input?.excerpt.length).toBeLessThanOrEqual(120)
  expect(message?.excerpt).toBe('no needle in there')
  expect(matches.every(({ turn }) => turn !== '')).toBe(true)
})

test('matches are bounded, and the others counted', async () => {
  const { matches, omitted } = await found('much', 'NEEDLE')
  expect([matches.length, omitted]).toEqual([500, MANY - 500])
})

test('what is not there is not found', async () => {
  expect(await found('told', 'haystack')).toEqual({ matches: [], omitted: 0 })
  expect((await find('nobody', 'needle')).status).toBe(404)
  expect((await find('told', '')).status).toBe(400)
})
