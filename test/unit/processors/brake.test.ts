/** Hooks that a spent budget refuses: how they are answered, and what is stored of it. */
import { expect, test } from 'vitest'
import type { ToldModel } from '../../../src/domain/budget-brake.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { BrakedStep, BudgetRefusal } from '../../../src/domain/budget-refusal.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { HookAnswer, HookRecord, PostedHook } from '../../../src/domain/telemetry-record.ts'
import { createIntake } from '../../../src/processors/chain.ts'
import { createBodyFiles } from '../../../src/processors/enrich/body-files.ts'
import { createFileReader } from '../../../src/processors/enrich/file-reader.ts'
import { createRecordMasker } from '../../../src/processors/redact/record-masker.ts'
import { processStored } from '../../../src/processors/stored-processor.ts'
import { createManualClock } from '../manual-clock.ts'
import { createMemoryTraces } from './memory-traces.ts'

const REASON = 'The daily budget of key-holder Bearer abcdefghijklmnopqrstuvwxyz012345 is spent'
const arrivedMs = 1_795_000_000_000

/** Posts a hook to a bridge whose budget is spent. */
async function posted(name: string, more: Attributes = {}) {
  const stored: Arrival[] = []
  const answers: HookAnswer[] = []
  const asked: [string, BrakedStep][] = []
  const told: [string, ToldModel][] = []
  const intake = createIntake({
    masker: createRecordMasker({
      mode: 'on',
      attributes: new Set(),
      userRules: [],
      content: new Set(),
    }),
    traces: createMemoryTraces(),
    bodies: createBodyFiles(createFileReader(createManualClock(0)), []),
    store: async (arrivals) => void stored.push(...arrivals),
    brake: {
      refusal: (sessionKey, step): BudgetRefusal => {
        asked.push([sessionKey, step])
        const spent = { limitUsd: 1, spentUsd: 2, reason: REASON }
        return { scope: 'day', subject: '', date: '2026-11-18', step, ...spent }
      },
      told: (sessionKey, model) => void told.push([sessionKey, model]),
    },
  })
  const body = { session_id: 's1', prompt_id: 'p1', hook_event_name: name, ...more }
  const hook: PostedHook = { agent: 'claude-code', body, labels: {} }
  const permit = { grow: () => true, shrink: () => {} }
  const rejected = await intake.accept(
    { signal: 'hook', records: [hook] },
    { arrivedMs, permit, answerHook: (answer) => void answers.push(answer) },
  )
  return { rejected, stored, answers, asked, told }
}

test.each([
  ['UserPromptSubmit', { prompt: 'hi' }, 'prompt', { decision: 'block', reason: REASON }],
  [
    'PreToolUse',
    { tool_name: 'Bash', tool_use_id: 'u1' },
    'tool',
    {
      continue: false,
      stopReason: REASON,
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: REASON,
      },
    },
  ],
] as const)(
  '%s is answered as the agent wants it, with the reason as it is',
  async (name, more, step, answer) => {
    const { rejected, stored, answers, asked } = await posted(name, more)
    expect(rejected).toEqual([])
    expect(asked).toEqual([['claude-code/s1', step]])
    expect(answers).toEqual([answer])
    expect(stored[0]?.item).toMatchObject({ name, refusal: { step, reason: REASON } })
  },
)

test.each(['PostToolUse', 'SubagentStop', 'Stop', 'SessionEnd', 'SessionStart', 'toString'])(
  '%s is never refused',
  async (name) => {
    const { stored, answers, asked } = await posted(name, { tool_use_id: 'u1' })
    expect(stored).toHaveLength(1)
    expect({ answers, asked }).toEqual({ answers: [], asked: [] })
  },
)

test.each([
  ['SessionStart', { model: 'haiku' }, [['claude-code/s1', { model: 'haiku', isKept: false }]]],
  ['SessionStart', { model: 7 }, []],
  ['StatusLine', { model: { id: 'opus' } }, [['claude-code/s1', { model: 'opus', isKept: true }]]],
  ['StatusLine', { model: null }, []],
  ['Stop', {}, []],
])('%s with %j tells the brake of %j', async (name, more, told) => {
  expect((await posted(name, more)).told).toEqual(told)
})

test('what is stored is read again with its refusal, without asking the brake', async () => {
  const { stored } = await posted('UserPromptSubmit', { prompt: 'hi' })
  const [arrival] = stored as [Arrival]
  const { accepted } = processStored({
    id: 1,
    sessionKey: arrival.sessionKey,
    origin: arrival.origin,
    signal: 'hook',
    receivedMs: arrivedMs,
    records: [JSON.parse(JSON.stringify(arrival.stored.record)) as HookRecord],
  })
  expect(accepted.map(({ item }) => item)).toEqual([arrival.item])
})
