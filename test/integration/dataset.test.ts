/** Turns sent to a dataset of Langfuse: which, as what, once, and nothing that was not recorded. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runOnScreen } from './cli/screen.ts'
import { post, toolResult, turn } from './cli/telemetry.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from './langfuse-stand-in/stand-in.ts'
import { storeSettings } from './store.ts'

const TOKEN = `ghp_${'a1B2'.repeat(9)}`
const NAME = 'failures of the shop'

let bridge: TestBridge
let langfuse: LangfuseStandIn
let variables: Record<string, string>

beforeAll(async () => {
  bridge = await startBridge({ ...bridgeEnvironment(temporaryFolder()), MASK: 'off' })
  await post(bridge.url, [
    { id: 'fine-session', events: turn('all went well', 0.1) },
    {
      id: 'failing-session',
      resource: { project: 'shop' },
      events: [
        ...turn(`run the tests with ${TOKEN}`, 0.25),
        toolResult('Bash', { tool_use_id: 'b1', success: 'false', error: `exit 1 ${TOKEN}` }),
      ],
    },
    {
      id: 'refused-session',
      events: [
        ...turn('delete everything', 0.5),
        {
          name: 'tool_decision',
          values: {
            'prompt.id': 'p1',
            tool_name: 'Bash',
            tool_use_id: 'r1',
            decision: 'reject',
            source: 'user_reject',
          },
        },
      ],
    },
    {
      id: 'silent-session',
      events: [
        { name: 'user_prompt', values: { 'prompt.id': 'p1', prompt_length: 7 } },
        toolResult('Read', { tool_use_id: 's1', success: 'false', error: 'gone' }),
      ],
    },
  ])
})
beforeEach(async () => {
  langfuse = await createLangfuseStandIn()
  variables = {
    ...storeSettings(bridge.dataDir),
    MASK: 'off',
    TZ: 'UTC',
    LANGFUSE_HOST: langfuse.url,
    LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
    LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
  }
})
afterEach(() => langfuse.close())
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
})

const run = (...args: string[]) => runOnScreen(['dataset', ...args], variables, { isTTY: false })

const prompts = () =>
  langfuse.datasets.items().map(({ input }) => {
    const [message] = input as unknown as readonly { readonly content: string }[]
    return message?.content
  })

test('failed turns become items with where they come from, masked', async () => {
  const { code, stdout } = await run(NAME, '--failed')
  expect(code).toBe(0)
  expect(stdout).toContain(langfuse.url)
  expect(stdout).toContain(`Sent 1 turn to dataset ${NAME} (created).`)
  expect(stdout).toContain('1 turn left out: their prompts were not recorded.')
  expect(langfuse.datasets.get(NAME)).toMatchObject({ name: NAME })
  const [item, ...others] = langfuse.datasets.items()
  expect(others).toEqual([])
  expect(item).toMatchObject({
    datasetName: NAME,
    input: [{ role: 'user', content: 'run the tests with [masked: github-token]' }],
    metadata: {
      session: 'failing-session',
      turn: 1,
      agent: 'claude-code',
      project: 'shop',
      costUsd: 0.25,
      models: ['claude-opus-5-5'],
      problems: ['Bash: exit 1 [masked: github-token]'],
    },
  })
  expect(item).not.toHaveProperty('expectedOutput')
  const { metadata, sourceTraceId } = item as unknown as {
    readonly metadata: { readonly traceId: string }
    readonly sourceTraceId: string
  }
  expect(sourceTraceId).toMatch(/^[0-9a-f]{32}$/)
  expect(metadata.traceId).toBe(sourceTraceId)
  expect(JSON.stringify(item)).not.toContain(TOKEN)
})

test('the trace is the one that is delivered', async () => {
  const { stdout } = await run(NAME, '--session', 'failing', '--dry-run', '--json')
  const { turns } = JSON.parse(stdout) as {
    readonly turns: readonly { readonly traceId: string }[]
  }
  const replayed = await runOnScreen(['replay', 'failing'], variables, { isTTY: false })
  expect(replayed.code).toBe(0)
  expect(new Set(langfuse.spans().map(({ traceId }) => traceId))).toContain(turns[0]?.traceId)
})

test('running it again changes nothing, not even what was edited in Langfuse', async () => {
  await run(NAME, '--failed')
  const [item] = langfuse.datasets.items()
  langfuse.datasets.put({ ...item, expectedOutput: 'written by hand' })
  const before = structuredClone(langfuse.datasets.items())
  const { code, stdout } = await run(NAME, '--failed', '--with-answer', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ created: false, added: 0, unchanged: 1 })
  expect(langfuse.datasets.items()).toEqual(before)
  // The same turn in another dataset is another item.
  expect((await run('another', '--failed')).code).toBe(0)
  expect(langfuse.datasets.items()).toHaveLength(2)
})

test.each([
  [['--refused'], ['delete everything']],
  [
    ['--failed', '--refused'],
    ['delete everything', 'run the tests with [masked: github-token]'],
  ],
  [['--search', 'WENT well'], ['all went well']],
  [['--session', 'refused'], ['delete everything']],
  [['--project', 'shop'], ['run the tests with [masked: github-token]']],
])('%s selects', async (args, expected) => {
  expect((await run(NAME, ...args)).code).toBe(0)
  expect(new Set(prompts())).toEqual(new Set(expected))
})

test('--limit bounds it, and says that there is more', async () => {
  const { stdout } = await run(NAME, '--limit', '1', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ added: 1, isCut: true })
})

describe('nothing is sent', () => {
  test.each([
    ['in a dry run', [NAME, '--failed', '--dry-run'], {}, 0, 'Would send 1 turn'],
    ['where no prompt was recorded', [NAME, '--session', 'silent'], {}, 1, 'nothing was sent'],
    ['where prompts are not kept', [NAME], { CONTENT_PROMPTS: 'drop' }, 1, 'CONTENT_PROMPTS=drop'],
    ['where nothing matches', [NAME, '--search', 'no such text'], {}, 1, 'no turn matches'],
    ['without keys', [NAME], { LANGFUSE_SECRET_KEY: '', LANGFUSE_PUBLIC_KEY: '' }, 1, 'not set'],
    ['to a name that acts', ['a\u001b[2Jb'], {}, 2, 'control character'],
  ])('%s', async (_, args, settings, code, message) => {
    variables = { ...variables, ...settings }
    const done = await run(...args)
    expect(done.screen).toContain(message)
    expect(done.code).toBe(code)
    expect(langfuse.requests()).toEqual([])
  })

  test('where Langfuse refuses, and the reason is told without keys', async () => {
    langfuse.setKeys({ publicKey: 'pk-other', secretKey: 'sk-other' })
    const { code, stderr } = await run(NAME)
    expect(code).toBe(1)
    expect(stderr).toContain('HTTP 401')
    expect(stderr).not.toContain(STAND_IN_KEYS.secretKey)
    expect(langfuse.datasets.items()).toEqual([])
  })
})

test('what was added before a failure is told, and stays', async () => {
  let creations = 0
  langfuse.always(({ method, path }) => {
    if (method === 'POST' && path.endsWith('/dataset-items')) creations += 1
    return creations > 1 ? { kind: 'status', status: 503 } : undefined
  })
  const { code, stderr } = await run(NAME)
  expect(code).toBe(1)
  expect(stderr).toContain('HTTP 503')
  expect(stderr).toContain('1 of 3 turns were added before')
  langfuse.always(undefined)
  expect((await run(NAME)).stdout).toContain('Sent 2 turns to dataset')
  expect(prompts()).toHaveLength(3)
})
