/** The MCP server over answers of any kind: bounded, harmless on a terminal, and silent about bugs. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionRow } from '../../../src/api/contract/session-list.ts'
import type { Question } from '../../../src/api/queries.ts'
import { safeBlock } from '../../../src/domain/safe-text.ts'
import { createMcpServer, type ServerDeps, TOOLS } from '../../../src/mcp/server.ts'
import { type Ask, MAX_ANSWER_BYTES } from '../../../src/mcp/tool.ts'

const NOW = Date.parse('2026-11-21T09:30:00Z')
const HOSTILE = '\u001b]52;c;ZXZpbA==\u0007rm -rf\u202e\u001b[2J'

const row = (changes: Partial<SessionRow> = {}): SessionRow => ({
  ...{ key: 'claude-code/s', agent: 'claude-code', sessionId: 's', title: null, userId: null },
  ...{ project: null, team: null, isOpen: false, closeReason: 'idle', firstMs: NOW, lastMs: NOW },
  ...{ costUsd: 1, estimatedUsd: 0, metricsUsd: 0, unpricedCalls: 0 },
  tokens: { input: 1, output: 1, cacheRead: 0, cacheCreation: 0 },
  ...{ prompts: 1, modelCalls: 1, toolResults: 0, errors: 0 },
  ...changes,
})

type Answers = Partial<Record<Question['name'], (question: never) => unknown>>

async function connected(answers: Answers, given: Partial<ServerDeps> = {}) {
  const asked: Question[] = []
  const bugs: unknown[] = []
  const ask = (async (question: Question) => {
    asked.push(question)
    const answer = answers[question.name]
    if (answer === undefined) throw new Error(`/secret/path: nothing answers ${question.name}`)
    return { ok: true, value: answer(question as never) }
  }) as unknown as Ask
  const server = createMcpServer({
    ...{ version: '1', now: () => NOW, timeZone: 'UTC', withAsk: (use) => use(ask) },
    onBug: (error) => bugs.push(error),
    ...given,
  })
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '1' })
  await Promise.all([server.connect(ours), client.connect(theirs)])
  onTestFinished(() => client.close())
  const call = async (name: string, given: Record<string, unknown> = {}) => {
    const result = (await client.callTool({ name, arguments: given })) as CallToolResult
    const text = result.content.map((part) => ('text' in part ? part.text : '')).join('\n')
    return { ...result, text }
  }
  return { client, call, asked, bugs }
}

test('each tool says what it is for, and lists its arguments with what they mean', async () => {
  const { client } = await connected({})
  const { tools } = await client.listTools()
  expect(tools).toHaveLength(TOOLS.length)
  for (const { name, description = '', inputSchema, outputSchema, annotations } of tools) {
    expect(description.length, name).toBeGreaterThan(60)
    expect(annotations).toEqual({ readOnlyHint: true, openWorldHint: false })
    expect([inputSchema.type, inputSchema.additionalProperties], name).toEqual(['object', false])
    expect(outputSchema?.type, name).toBe('object')
  }
  // They stand in the context of every conversation.
  expect(
    JSON.stringify(tools.map((tool) => ({ ...tool, outputSchema: undefined }))).length,
  ).toBeLessThan(20_000)
})

test('what acts on a terminal is taken out of texts', async () => {
  const sessions = [row({ title: HOSTILE, project: HOSTILE, userId: HOSTILE })]
  const { call } = await connected({
    sessions: () => ({ sessions, nextCursor: null, total: sessions.length }),
  })
  const { structuredContent, text } = await call('list_sessions')
  for (const told of [JSON.stringify(structuredContent), text]) {
    expect(told).toContain('rm -rf')
    expect(told).toBe(safeBlock(told))
    expect(told).not.toMatch(/\\u|52;c/)
  }
})

test('an answer is short, and says how much is not in it', async () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    row({ key: `claude-code/${index}`, title: '\u{1f600}'.repeat(250), project: 'p'.repeat(500) }),
  )
  const { call } = await connected({
    sessions: () => ({ sessions: many, nextCursor: 'next', total: 300 }),
  })
  const { structuredContent } = await call('list_sessions', { limit: 50 })
  const told = structuredContent as { readonly sessions: unknown[]; readonly leftOff: number }
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThanOrEqual(MAX_ANSWER_BYTES)
  expect(told.sessions.length).toBeGreaterThan(10)
  expect(told.sessions.length + told.leftOff).toBe(300)
  expect(told).toMatchObject({ total: 300, leftOffIsAtLeast: false })
})

test('a bug is for the log, not for the client', async () => {
  const { call, bugs } = await connected({})
  const { isError, text } = await call('get_budgets')
  expect([isError, text]).toEqual([
    true,
    'this is a bug of claude-telemetry; its log says what happened',
  ])
  expect(String(bugs[0])).toContain('/secret/path')
})

test('the current folder is the project of that name, also behind its owner', async () => {
  const facets = { projects: ['acme/widgets', 'widgets-two'] }
  const { call, asked } = await connected(
    {
      facets: () => facets,
      sessions: ({ query }: { readonly query: { readonly project?: string } }) => ({
        sessions: query.project === 'acme/widgets' ? [row()] : [],
        nextCursor: null,
        total: 1,
      }),
    },
    { workingDir: '/home/me/widgets' },
  )
  const { structuredContent } = await call('list_sessions', { folder: '.' })
  expect(structuredContent).toMatchObject({ sessions: [{ key: 'claude-code/s' }] })
  expect(asked[1]).toMatchObject({ query: { attribute: ['folder=widgets'] } })
  const other = await call('list_sessions', { folder: 'C:\\work\\gadgets' })
  expect(other.text).toContain('no session is known to be of "gadgets"; projects: acme/widgets')
})

test('times are those of the zone that is named', async () => {
  const { call, asked } = await connected({
    sessions: () => ({ sessions: [], nextCursor: null, total: 0 }),
  })
  await call('list_sessions', { since: 'today', until: '2h', timeZone: 'Europe/Vienna' })
  expect(asked[0]).toMatchObject({
    query: { from: Date.parse('2026-11-20T23:00:00Z'), to: Date.parse('2026-11-21T07:30:00Z') },
  })
})

test('one session by the beginning of its id, and which it could be where several begin so', async () => {
  const sessions = [
    row({ sessionId: 'abc1', key: 'codex/abc1' }),
    row({ sessionId: 'abc2', key: 'codex/abc2' }),
  ]
  const { call } = await connected({
    sessions: () => ({ sessions, nextCursor: null, total: sessions.length }),
  })
  const { isError, text } = await call('get_session', { session: 'abc' })
  expect([isError, text]).toEqual([
    true,
    'session: more than one begins like that: codex/abc1, codex/abc2',
  ])
})

test('an id that two owners use is no one session; a key is', async () => {
  const [red, blue] = ['red', 'blue'].map((team) =>
    row({ sessionId: 'abc', key: `codex@${team}/abc`, team }),
  )
  const pages = [
    { sessions: [red], nextCursor: 'second' },
    { sessions: [blue], nextCursor: null },
  ]
  const { call, asked } = await connected({
    sessions: ({ query }: { readonly query: { readonly cursor?: string } }) =>
      pages[query.cursor === undefined ? 0 : 1],
  })
  const { isError, text } = await call('get_session', { session: 'abc' })
  expect([isError, text]).toEqual([
    true,
    'session: more than one has this id; give the key: codex@red/abc, codex@blue/abc',
  ])
  await call('get_session', { session: 'codex@blue/abc' })
  expect(asked.at(-1)).toMatchObject({ key: 'codex@blue/abc' })
})

test('what takes long ends early, and says how many sessions it did not get to', async () => {
  let nowMs = NOW
  const rows = Array.from({ length: 9 }, (_, index) => row({ key: `codex/${index}` }))
  const finding = { kind: 'waiting', subject: 'Bash', count: 1, tokens: null, usd: null, ms: 5 }
  const { call } = await connected(
    {
      sessions: () => ({ sessions: rows, nextCursor: null, total: rows.length }),
      waste: () => {
        nowMs += 9000
        return { findings: [finding], omitted: 0, isPartial: false }
      },
    },
    { now: () => nowMs },
  )
  const { structuredContent } = await call('find_waste')
  expect(structuredContent).toMatchObject({
    sessionsRead: 3,
    sessionsNotRead: 6,
    findings: [{ kind: 'waiting', sessions: 3, ms: 15 }],
  })
})
