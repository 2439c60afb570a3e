/** Scrubbing that is cut off between any two of its steps: the next run does the rest, and all of it. */
import { cpSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { sendTexts } from '../../scripts/secrets/requests.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { ScrubReader, ScrubStore } from '../../src/domain/scrub-store.ts'
import { createStoredMasker } from '../../src/processors/stored-masker.ts'
import { scrubBeside, scrubSession } from '../../src/reports/scrub.ts'
import { policyOf } from '../../src/sessions/policy.ts'
import { STATE_VERSION } from '../../src/sessions/state.ts'
import { openMaintenance } from '../../src/storage/beside.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { copyDatabase, isOnPostgres, rowsIn, storedBytes, storePlace } from './store.ts'

const SECRET = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'
const masker = () =>
  createStoredMasker({
    mode: 'strict',
    attributes: new Set(),
    userRules: [],
    content: new Set(),
  })

function folder(): string {
  const made = temporaryFolder()
  onTestFinished(() => removeFolder(made))
  return made
}

/** Prompts of one session in two requests, and one of a person without a session id. */
async function stored(): Promise<string> {
  const dataDir = folder()
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), MASK: 'off' })
  for (const text of [`use ${SECRET}`, `mail ada@example.com ${SECRET} again`]) {
    await sendTexts({ url: bridge.url, grpc: '' }, 'json', [text])
    await sendTexts({ url: bridge.url, grpc: '' }, 'hooks', [text])
  }
  const attributes = Object.entries({
    'event.name': 'user_prompt',
    'user.id': 'ada-lovelace-of-london',
    'user.email': 'ada@example.com',
    prompt: 'hello',
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const logRecords = [{ timeUnixNano: `${Date.now()}000000`, attributes }]
  const scope = { name: 'com.anthropic.claude_code.events' }
  const response = await fetch(`${bridge.url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ scope, logRecords }] }] }),
  })
  expect(response.status).toBe(200)
  await bridge.stop()
  return dataDir
}

class Killed extends Error {}

/** Calls `step` before each change. */
function stepwise(store: ScrubStore, step: () => void): ScrubStore {
  return new Proxy(store, {
    get: (target, name: keyof ScrubStore) => {
      if (READS.has(name)) return target[name]
      return async (...args: unknown[]) => {
        step()
        return (target[name] as (...args: unknown[]) => Promise<unknown>)(...args)
      }
    },
  })
}

const READS: ReadonlySet<keyof ScrubStore> = new Set<keyof ScrubReader>([
  ...(['sessionKeys', 'has', 'batchRows', 'derived', 'origins'] as const),
  ...([
    'dimensions',
    'remarks',
    'otherItems',
    'quarantined',
    'transcriptStates',
    'traces',
  ] as const),
])

/** Scrubs the folder; ends before the step of that number. Resolves to how many steps there were. */
async function scrub(dataDir: string, killedBefore = Number.POSITIVE_INFINITY): Promise<number> {
  const platform = { os: process.platform, homeDir: dataDir, workingDir: dataDir }
  const config = loadConfig(bridgeEnvironment(dataDir), platform)
  const opened = await openMaintenance(storePlace(dataDir))
  if (!opened.ok || !config.ok) throw new Error('the folder cannot be opened')
  let steps = 0
  function step(): void {
    steps += 1
    if (steps >= killedBefore) throw new Killed()
  }
  try {
    const access = opened.value.scrub(STATE_VERSION)
    const { store, inputs } = access
    const deps = {
      ...{ store: stepwise(store, step), inputs, masker: masker() },
      policy: policyOf(config.value.session),
      exclusively: <T>(_key: string, change: () => Promise<T>) => change(),
    }
    for (const key of await store.sessionKeys()) await scrubSession(deps, key)
    await scrubBeside(deps)
    expect(await access.rewriteFiles()).toEqual({ ok: true, value: undefined })
  } finally {
    await opened.value.close()
  }
  return steps
}

const TABLES = [
  ...['sessions', 'session_states', 'session_attributes', 'record_batches', 'prompts', 'seen'],
  ...['origins', 'outbox', 'quarantine', 'model_usage', 'tool_usage', 'activity'],
  'usage_dimensions',
]

/** All that is stored, but for how often it was changed. */
function contents(dataDir: string): unknown {
  return TABLES.map((table) =>
    rowsIn<Record<string, unknown>>(dataDir, `select * from ${table}`)
      .map((row) => JSON.stringify({ ...row, revision: undefined }))
      .sort(),
  )
}

function bytesOf(dataDir: string): Buffer {
  return Buffer.concat(storedBytes(dataDir).map(({ bytes }) => bytes))
}

function copyOf(original: string): string {
  const copy = folder()
  cpSync(original, copy, { recursive: true })
  copyDatabase(original, copy)
  return copy
}

test('ends as one that was not cut off', { timeout: 300_000 }, async () => {
  const original = await stored()
  const whole = copyOf(original)
  expect(bytesOf(whole).includes('lovelace')).toBe(true)
  const steps = await scrub(whole)
  expect(steps).toBeGreaterThan(8)
  const expected = contents(whole)
  for (const text of [SECRET.slice(0, 20), SECRET.slice(20), 'ada@example', 'lovelace']) {
    expect(bytesOf(whole).includes(text), text).toBe(false)
  }
  expect(JSON.stringify(expected)).toContain('no-session-id:account-')
  // A copy of a PostgreSQL database takes seconds: some of its steps, which are the same.
  const stride = isOnPostgres ? 4 : 1
  for (let killedBefore = 1; killedBefore <= steps; killedBefore += stride) {
    const dataDir = copyOf(original)
    await expect(scrub(dataDir, killedBefore)).rejects.toThrow(Killed)
    await scrub(dataDir)
    expect(contents(dataDir), `cut off before step ${killedBefore}`).toEqual(expected)
    expect(await scrub(dataDir)).toBe(1)
  }
})
