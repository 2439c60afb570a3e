/** Forks of Codex: a line belongs to the thread that wrote it first, whichever of the files are there. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newBridge, newFolder } from '../corpus/new-bridge.ts'
import { importInto, sessionsOf } from './bridge-import.ts'

interface Row {
  readonly timestamp: string
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

interface Thread {
  readonly id: string
  readonly rows: readonly Row[]
  readonly endMs: number
  readonly total: number
}

/** How a version writes a fork. */
interface Form {
  /** Times in seconds from the parent's last turn to the fork. */
  readonly gap: number
  /** `session_meta` of the parent is copied as well. */
  readonly hasMeta: boolean
  /** `task_started` says when it began. */
  readonly isTimed: boolean
  /** Turns and calls have an id of their own; the older versions' turns have none. */
  readonly hasIds: boolean
}

const T0 = Date.UTC(2026, 10, 20, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

/** Two turns with a tool and two calls each: 4 calls, 4,000 input tokens, 2 tools and 2 prompts. */
function threadOf(
  id: string,
  { isTimed, hasMeta, hasIds }: Form,
  of: { readonly beganMs: number; readonly parent?: Thread; readonly turns?: number },
): Thread {
  const { beganMs, parent, turns = 2 } = of
  const own = { id, timestamp: iso(beganMs), cwd: '/home/dev/demo', cli_version: '0.123.0' }
  const meta = parent === undefined ? own : { ...own, forked_from_id: parent.id }
  const copies = (parent?.rows ?? []).filter(({ type }, at) => {
    return type !== 'session_meta' || (hasMeta && at === 0)
  })
  const rows: Row[] = [
    { timestamp: iso(beganMs), type: 'session_meta', payload: meta },
    ...copies.map((row) => ({ ...row, timestamp: iso(beganMs) })),
  ]
  let total = parent?.total ?? 0
  let ms = beganMs
  const add = (afterMs: number, type: string, payload: Row['payload']) => {
    ms += afterMs
    rows.push({ timestamp: iso(ms), type, payload })
  }
  const addCall = () => {
    total += 1000
    const usage = (input: number) => ({ input_tokens: input, output_tokens: input / 100 })
    const info = { total_token_usage: usage(total), last_token_usage: usage(1000) }
    add(800, 'event_msg', { type: 'token_count', info })
  }
  for (let turn = 0; turn < turns; turn += 1) {
    const turnId = hasIds ? { turn_id: `${id.slice(0, 8)}-turn-${turn}` } : {}
    const callId = hasIds ? `call_${id.slice(0, 8)}_${turn}` : `call_${turn}`
    const started = {
      type: 'task_started',
      ...turnId,
      ...(isTimed && { started_at: (ms + 1000) / 1000 }),
    }
    if (hasIds || isTimed) add(1000, 'event_msg', started)
    else ms += 1000
    add(100, 'turn_context', { ...turnId, model: 'gpt-5.5' })
    add(100, 'event_msg', { type: 'user_message', message: `prompt ${turn} of ${id}` })
    add(400, 'response_item', {
      type: 'function_call',
      name: 'exec',
      arguments: '{}',
      call_id: callId,
    })
    addCall()
    add(200, 'response_item', { type: 'function_call_output', call_id: callId, output: 'done' })
    addCall()
    add(500, 'event_msg', { type: 'task_complete', ...turnId, last_agent_message: 'done' })
  }
  return { id, rows, endMs: ms, total }
}

const idOf = (family: number, thread: number): string =>
  `${String(family).padStart(4, '0')}${String(thread).repeat(4)}-aaaa-4bbb-8ccc-000000000001`

/** A thread, a fork of it, and a fork of that. */
function familyOf(family: number, form: Form): readonly Thread[] {
  const after = (parent: Thread, thread: number) =>
    threadOf(idOf(family, thread), form, { beganMs: parent.endMs + form.gap * 1000, parent })
  const first = threadOf(idOf(family, 1), form, { beganMs: T0 + 123 })
  const fork = after(first, 2)
  return [first, fork, after(fork, 3)]
}

function write(folder: string, { id, rows }: Thread): string {
  const path = join(folder, `rollout-2026-11-20T10-00-00-${id}.jsonl`)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}

async function figuresOf(url: string): Promise<Record<string, readonly number[]>> {
  const rows = await sessionsOf(url)
  return Object.fromEntries(
    rows.map(({ sessionId, modelCalls, tokens, toolResults, prompts }) => {
      return [sessionId, [modelCalls, tokens.input, toolResults, prompts]]
    }),
  )
}

const OWN = [4, 4000, 2, 2]
const all = (threads: readonly Thread[], own: readonly number[] = OWN) =>
  Object.fromEntries(threads.map(({ id }) => [id, own]))

const forms: readonly Form[] = [3, 300].flatMap((gap) =>
  [true, false].flatMap((hasMeta) =>
    [true, false].map((isTimed) => ({ gap, hasMeta, isTimed, hasIds: true })),
  ),
)
const families = [
  ...forms,
  { gap: 3, hasMeta: true, isTimed: true, hasIds: false },
  { gap: 3, hasMeta: true, isTimed: false, hasIds: false },
].map((form, at) => familyOf(at + 1, form))

describe('forks of forks, in every form', () => {
  test.each([['123'], ['321'], ['213'], ['132']])('imported in the order %s', async (order) => {
    const { url } = await newBridge()
    const folder = newFolder()
    for (const which of order) {
      for (const threads of families) {
        const thread = threads[Number(which) - 1]
        if (thread !== undefined) write(folder, thread)
      }
      await importInto(url, [folder])
    }
    expect(await figuresOf(url)).toEqual(all(families.flat()))
    await importInto(url, [folder], { again: true })
    expect(await figuresOf(url)).toEqual(all(families.flat()))
  })

  test('a fork without the others has what it wrote', async () => {
    for (const which of [1, 2]) {
      const { url } = await newBridge()
      const folder = newFolder()
      const alone = families.flatMap((threads) => threads.slice(which, which + 1))
      for (const thread of alone) write(folder, thread)
      await importInto(url, [folder])
      expect(await figuresOf(url)).toEqual(all(alone))
    }
  })
})

test('a thread that goes on after it was forked keeps what is like the work of its fork', async () => {
  const form: Form = { gap: 3, hasMeta: false, isTimed: false, hasIds: true }
  const first = threadOf(idOf(1, 1), form, { beganMs: T0, turns: 1 })
  const fork = threadOf(idOf(1, 2), form, {
    beganMs: first.endMs + 60_000,
    parent: first,
    turns: 1,
  })
  const whole = threadOf(idOf(1, 1), form, { beganMs: T0, turns: 2 })
  for (const order of [
    [whole, fork],
    [fork, whole],
  ]) {
    const { url } = await newBridge()
    const folder = newFolder()
    for (const thread of order) {
      write(folder, thread)
      await importInto(url, [folder])
    }
    expect(await figuresOf(url)).toEqual({ [whole.id]: OWN, [fork.id]: [2, 2000, 1, 1] })
  }
})

test('two threads that begin alike are no copies of each other', async () => {
  const { url } = await newBridge()
  const folder = newFolder()
  const form: Form = { gap: 0, hasMeta: false, isTimed: false, hasIds: false }
  const threads = [1, 2].map((of) => {
    const { rows, ...thread } = threadOf(idOf(1, of), form, { beganMs: T0 + of })
    // The same was asked.
    const text = JSON.stringify(rows).replaceAll(` of ${thread.id}`, '')
    return { ...thread, rows: JSON.parse(text) as readonly Row[] }
  })
  for (const thread of threads) write(folder, thread)
  await importInto(url, [folder])
  expect(await figuresOf(url)).toEqual(all(threads))
})

describe('a recorded rollout', () => {
  const corpus = join(import.meta.dirname, '../../corpus/codex-rollouts/0.171.0-resume/sessions')
  const [recorded = ''] = globSync('**/*.jsonl', { cwd: corpus })
  const rows = readFileSync(join(corpus, recorded), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
  const msOf = ({ timestamp }: Row): number => Date.parse(timestamp)
  const uuid7 = (ms: number): string => {
    const hex = Math.floor(ms).toString(16).padStart(12, '0')
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-00000000000f`
  }

  /** It copies all, and does the last turn again as its own. `isSilent` leaves out when tasks began. */
  function forkOf(gapMs: number, isSilent: boolean): Thread {
    const [first] = rows
    const last = rows.at(-1)
    if (first === undefined || last === undefined) throw new Error('no rows')
    const beganMs = msOf(last) + gapMs
    const id = uuid7(beganMs)
    const parentId = String(first.payload.id)
    const meta = { ...first.payload, id, session_id: id, timestamp: iso(beganMs) }
    const from = rows.findLastIndex(({ payload }) => payload.type === 'task_started')
    const turn = rows.slice(from)
    const turnId = String(turn[0]?.payload.turn_id)
    const laterMs = beganMs + 50 - msOf(turn[0] ?? first)
    const own = turn.map((row) => {
      const text = JSON.stringify(row)
        .replaceAll(turnId, uuid7(beganMs + 50))
        .replaceAll(/(resp|call)_scripted/g, '$1_fork')
        .replaceAll(/"thread_id":"[^"]*"/g, `"thread_id":"${id}"`)
        .replaceAll(
          /"started_at":(\d+)/g,
          (_, at) => `"started_at":${Math.floor(Number(at) + laterMs / 1000)}`,
        )
      return { ...(JSON.parse(text) as Row), timestamp: iso(msOf(row) + laterMs) }
    })
    const silent = ({ payload, ...row }: Row): Row => {
      const { started_at: _, ...rest } = payload
      return { ...row, payload: isSilent ? rest : payload }
    }
    const copies = rows.map((row) => ({ ...row, timestamp: iso(beganMs + 10) }))
    const whole: Row[] = [
      {
        timestamp: iso(beganMs),
        type: 'session_meta',
        payload: { ...meta, forked_from_id: parentId },
      },
      ...[...copies, ...own].map(silent),
    ]
    return { id, rows: whole, endMs: msOf(last) + laterMs, total: 0 }
  }

  test.each([
    [5, false],
    [5, true],
    [2000, false],
    [20_000, false],
    [600_000, false],
    [600_000, true],
  ])('forked %d ms after its end, without times of tasks: %s', async (gapMs, isSilent) => {
    const fork = forkOf(gapMs, isSilent)
    const parent = rows[0]?.payload.id as string
    const own = [2, 244, 1, 1]
    for (const paths of [[corpus], []]) {
      const { url } = await newBridge()
      await importInto(url, [...paths, write(newFolder(), fork)])
      const expected = paths.length === 0 ? {} : { [parent]: [3, 11_544, 1, 2] }
      expect(await figuresOf(url)).toEqual({ ...expected, [fork.id]: own })
    }
  })
})
