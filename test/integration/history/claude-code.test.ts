/**
 * Recorded transcripts of Claude Code: imported alone they give their own sums, each request once; with
 * the telemetry of the same run, in whatever order, they give what that says.
 */
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  statSync,
  globSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newBridge, newFolder } from '../corpus/new-bridge.ts'
import {
  importInto,
  postTelemetry,
  type SessionRow,
  sessionsOf,
  withoutAttributes,
} from './bridge-import.ts'
import { ownSums, type Sums } from './own-sums.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')
const cases = readdirSync(corpus)
const projectsOf = (name: string): string => join(corpus, name, 'projects')

interface Truth {
  readonly api_requests: number
  readonly cost_usd: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_tokens: number
  readonly cache_creation_tokens: number
  readonly prompts: number
  readonly tool_results: number
}

function truthOf(name: string): Readonly<Record<string, Truth>> {
  return JSON.parse(readFileSync(join(corpus, name, 'truth.json'), 'utf8')) as Record<string, Truth>
}

function summed(rows: readonly SessionRow[]): Sums {
  const sum = (of: (row: SessionRow) => number): number =>
    rows.reduce((total, row) => total + of(row), 0)
  return {
    calls: sum((row) => row.modelCalls),
    input: sum((row) => row.tokens.input),
    output: sum((row) => row.tokens.output),
    cacheRead: sum((row) => row.tokens.cacheRead),
    cacheCreation: sum((row) => row.tokens.cacheCreation),
    prompts: sum((row) => row.prompts),
    tools: sum((row) => row.toolResults),
  }
}

/** By session id, as the truth has it. */
function told(rows: readonly SessionRow[]): Record<string, Truth> {
  return Object.fromEntries(
    rows.map((row) => [
      row.sessionId,
      {
        api_requests: row.modelCalls,
        cost_usd: Number((row.costUsd ?? 0).toFixed(6)),
        input_tokens: row.tokens.input,
        output_tokens: row.tokens.output,
        cache_read_tokens: row.tokens.cacheRead,
        cache_creation_tokens: row.tokens.cacheCreation,
        prompts: row.prompts,
        tool_results: row.toolResults,
      },
    ]),
  )
}

function expected(name: string): Record<string, Truth> {
  return Object.fromEntries(
    Object.entries(truthOf(name))
      .filter(([, { api_requests }]) => api_requests > 0)
      .map(([id, truth]) => {
        const { api_requests, cost_usd, input_tokens, output_tokens } = truth
        const { cache_read_tokens, cache_creation_tokens, prompts, tool_results } = truth
        const figures = { api_requests, input_tokens, output_tokens, cache_read_tokens }
        const rest = { cache_creation_tokens, prompts, tool_results }
        return [id, { ...figures, ...rest, cost_usd: Number(cost_usd.toFixed(6)) }]
      }),
  )
}

describe('imported alone', () => {
  test.each(cases)('%s gives its own sums, once and again', async (name) => {
    const { url } = await newBridge()
    const counts = await importInto(url, [projectsOf(name)])
    expect(counts).toMatchObject({ refused: 0, damagedLines: 0, unreadable: [] })
    const rows = await sessionsOf(url)
    expect(summed(rows)).toEqual(ownSums(projectsOf(name)))
    for (const row of rows) {
      expect(row.estimatedUsd).toBe(row.costUsd)
      expect(row.isOpen).toBe(false)
    }
    await importInto(url, [projectsOf(name)])
    await importInto(url, [projectsOf(name)], { again: true })
    expect(await sessionsOf(url)).toEqual(rows)
  })

  /** Those of which every call is in the transcript. */
  const complete = cases.filter((name) => {
    const requests = Object.values(truthOf(name)).reduce((sum, of) => sum + of.api_requests, 0)
    return requests === ownSums(projectsOf(name)).calls
  })

  test.each(complete)('%s costs what the agent says', async (name) => {
    const { url } = await newBridge()
    await importInto(url, [projectsOf(name)])
    const cost = (await sessionsOf(url)).reduce((sum, row) => sum + (row.costUsd ?? 0), 0)
    const truth = Object.values(truthOf(name)).reduce((sum, of) => sum + of.cost_usd, 0)
    expect(cost).toBeCloseTo(truth, 6)
  })

  test('most recordings are complete', () => {
    expect(complete.length).toBeGreaterThan(8)
  })

  test.each(['2.1.329-resume', '2.1.150-resume', '2.1.80-resume'])(
    '%s charges copied lines to the session that wrote them',
    async (name) => {
      const { url } = await newBridge()
      await importInto(url, [projectsOf(name)])
      const rows = told(await sessionsOf(url))
      for (const [id, truth] of Object.entries(expected(name))) {
        expect(rows[id]).toMatchObject({ api_requests: truth.api_requests, prompts: truth.prompts })
      }
    },
  )
})

const recorded = cases.filter((name) => existsSync(join(corpus, name, 'otlp')))
const otlpOf = (name: string): string => join(corpus, name, 'otlp')

test('there are recordings of both', () => {
  expect(recorded.length).toBeGreaterThan(3)
})

describe('with the telemetry of the same run', () => {
  test.each(recorded)('%s, telemetry first', async (name) => {
    const { url } = await newBridge()
    await postTelemetry(url, otlpOf(name))
    await importInto(url, [projectsOf(name)])
    expect(told(await sessionsOf(url))).toEqual(expected(name))
  })

  test.each(recorded)('%s, telemetry later', async (name) => {
    const { url } = await newBridge()
    await importInto(url, [projectsOf(name)])
    await postTelemetry(url, otlpOf(name))
    const rows = await sessionsOf(url)
    expect(told(rows)).toEqual(expected(name))
    for (const row of rows) expect(row.estimatedUsd).toBe(0)
  })

  // A batch that was refused comes again behind what was sent after it.
  test.each(['3 1 4', '3 t 1 4', 't 3 1 4', 't 3 4 1', '3 4 t 1', '4 t 3 1'])(
    '2.1.329-tools in the order %s: batches of logs by number, the transcript',
    async (order) => {
      const name = '2.1.329-tools'
      const { url } = await newBridge()
      for (const part of `${order} t`.split(' ')) {
        if (part === 't') await importInto(url, [projectsOf(name)])
        else
          await postTelemetry(url, otlpOf(name), (text, file) =>
            file === `00${part}-logs.json` ? text : '',
          )
      }
      expect(told(await sessionsOf(url))).toEqual(expected(name))
    },
  )

  test.each(recorded)('%s, both at once', async (name) => {
    const { url } = await newBridge()
    const files = readdirSync(otlpOf(name)).filter((file) => file.endsWith('-logs.json'))
    const projects = newFolder()
    cpSync(projectsOf(name), projects, { recursive: true })
    for (const file of globSync('**/*.jsonl', { cwd: projects })) {
      const path = join(projects, file)
      truncateSync(path, Math.floor(statSync(path).size / 2))
    }
    await importInto(url, [projects])
    await postTelemetry(url, otlpOf(name), (text, file) => (file === files[0] ? text : ''))
    cpSync(projectsOf(name), projects, { recursive: true })
    await importInto(url, [projects])
    await postTelemetry(url, otlpOf(name), (text, file) => (file === files[0] ? '' : text))
    expect(told(await sessionsOf(url))).toEqual(expected(name))
  })
})

/** Up to 2.1.149 telemetry names neither requests nor tools, and some versions no prompts. */
describe('with telemetry that has no ids', () => {
  const withoutIds = withoutAttributes('request_id', 'tool_use_id', 'prompt.id', 'message.uuid')

  test.each(recorded)('%s, telemetry first', async (name) => {
    const { url } = await newBridge()
    await postTelemetry(url, otlpOf(name), withoutIds)
    await importInto(url, [projectsOf(name)])
    expect(told(await sessionsOf(url))).toEqual(expected(name))
  })

  test.each(recorded)('%s, telemetry later', async (name) => {
    const { url } = await newBridge()
    await importInto(url, [projectsOf(name)])
    await postTelemetry(url, otlpOf(name), withoutIds)
    expect(told(await sessionsOf(url))).toEqual(expected(name))
  })
})

/** A fork that was imported before the session it goes on with. */
describe('with the fork first', () => {
  test.each(['2.1.329-resume', '2.1.150-resume', '2.1.80-resume'])('%s', async (name) => {
    const { url } = await newBridge()
    const files = globSync('**/*.jsonl', { cwd: projectsOf(name) })
    const fork = Object.entries(expected(name)).find(([, { api_requests }]) => api_requests === 1)
    const paths = files.map((file) => join(projectsOf(name), file))
    const [first, ...rest] = paths.toSorted((a) => (a.includes(fork?.[0] ?? '') ? -1 : 1))
    await importInto(url, [first ?? ''])
    await importInto(url, rest)
    const rows = told(await sessionsOf(url))
    for (const [id, { api_requests, prompts }] of Object.entries(expected(name))) {
      expect(rows[id]).toMatchObject({ api_requests, prompts })
    }
  })
})
