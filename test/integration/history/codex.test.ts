/** Recorded rollouts of Codex, alone and with the telemetry of the same run, against what its API answered. */
import { cpSync, globSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Turns } from '../../../src/api/contract/turn.ts'
import { newBridge, newFolder } from '../corpus/new-bridge.ts'
import { importInto, postTelemetry, type SessionRow, sessionsOf } from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/codex-rollouts')
const cases = readdirSync(corpus).filter((name) => /^\d/.test(name))

interface Truth {
  readonly model_calls: number
  readonly side_calls: number
  readonly tool_calls: number
  readonly tool_failures: number
  readonly input_tokens: number
  readonly cached_input_tokens: number
  readonly output_tokens: number
  readonly prompts: readonly string[]
}

/** By thread; without hidden threads, which write no rollout. */
function expected(name: string): Record<string, object> {
  const text = readFileSync(join(corpus, name, 'truth.json'), 'utf8')
  const { sessions } = JSON.parse(text) as { sessions: Record<string, Truth> }
  return Object.fromEntries(
    Object.entries(sessions)
      .filter(([, { side_calls, model_calls }]) => side_calls < model_calls)
      .map(([id, truth]) => [
        id,
        {
          modelCalls: truth.model_calls,
          toolResults: truth.tool_calls,
          errors: truth.tool_failures,
          prompts: truth.prompts.length,
          input: truth.input_tokens - truth.cached_input_tokens,
          cacheRead: truth.cached_input_tokens,
          output: truth.output_tokens,
        },
      ]),
  )
}

function told(rows: readonly SessionRow[], ids: readonly string[]): Record<string, object> {
  return Object.fromEntries(
    rows
      .filter(({ sessionId }) => ids.includes(sessionId))
      .map(({ sessionId, modelCalls, toolResults, errors, prompts, tokens }) => {
        const { input, cacheRead, output } = tokens
        return [sessionId, { modelCalls, toolResults, errors, prompts, input, cacheRead, output }]
      }),
  )
}

describe.each(cases)('%s', (name) => {
  const truth = expected(name)
  const ids = Object.keys(truth)
  const rollouts = join(corpus, name, 'sessions')
  const otlp = join(corpus, name, 'otlp')

  test('alone, and again', async () => {
    const { url } = await newBridge()
    const counts = await importInto(url, [rollouts])
    expect(counts).toMatchObject({ refused: 0, damagedLines: 0, unreadable: [] })
    const rows = await sessionsOf(url)
    expect(told(rows, ids)).toEqual(truth)
    await importInto(url, [rollouts], { again: true })
    expect(await sessionsOf(url)).toEqual(rows)
  })

  test('without content, which another import adds', async () => {
    const { url } = await newBridge()
    await importInto(url, [rollouts], { content: 'drop' })
    expect(told(await sessionsOf(url), ids)).toEqual(truth)
    await importInto(url, [rollouts], { again: true })
    const whole = await newBridge()
    await importInto(whole.url, [rollouts])
    const rows = await sessionsOf(url)
    expect(told(rows, ids)).toEqual(truth)
    const textsOf = async (of: string) =>
      Promise.all(
        ids.map(async (id) => {
          const answer = await fetch(`${of}/api/sessions/codex%2F${id}/turns`)
          const { turns } = (await answer.json()) as Turns
          return turns.map(({ prompt, answer: said }) => [prompt.text, said.text])
        }),
      )
    expect(await textsOf(url)).toEqual(await textsOf(whole.url))
    const titlesOf = (all: readonly SessionRow[]) =>
      all.map(({ sessionId, title }) => `${sessionId} ${title}`).toSorted()
    expect(titlesOf(rows)).toEqual(titlesOf(await sessionsOf(whole.url)))
  })

  test('telemetry first', async () => {
    const { url } = await newBridge()
    await postTelemetry(url, otlp)
    await importInto(url, [rollouts])
    expect(told(await sessionsOf(url), ids)).toEqual(truth)
  })

  test('telemetry later', async () => {
    const { url } = await newBridge()
    await importInto(url, [rollouts])
    await postTelemetry(url, otlp)
    expect(told(await sessionsOf(url), ids)).toEqual(truth)
  })

  test('both at once', async () => {
    const { url } = await newBridge()
    const half = newFolder()
    cpSync(rollouts, half, { recursive: true })
    for (const file of globSync('**/*.jsonl', { cwd: half })) {
      const path = join(half, file)
      truncateSync(path, Math.floor(statSync(path).size / 2))
    }
    const files = readdirSync(otlp)
      .filter((file) => file !== 'requests.json')
      .toSorted()
    const first = new Set(files.slice(0, Math.ceil(files.length / 2)))
    await importInto(url, [half])
    await postTelemetry(url, otlp, (text, file) => (first.has(file) ? text : ''))
    cpSync(rollouts, half, { recursive: true })
    await importInto(url, [half])
    await postTelemetry(url, otlp, (text, file) => (first.has(file) ? '' : text))
    expect(told(await sessionsOf(url), ids)).toEqual(truth)
  })
})
