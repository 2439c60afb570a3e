/** What was committed is there after every kind of ending. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { AT_MS, nothing, observation, other, row, type State } from './arrivals.ts'
import { connect, openStore, type OpenStore, temporaryFolder, tryToOpen } from './open-store.ts'

const session = row('s1', { state: { seen: ['a'] }, deadlineMs: AT_MS + 5 })
const outcome = { ...nothing, sessions: [session], emissions: [observation('a'), observation('b')] }

async function commitOnce(store: OpenStore): Promise<void> {
  await store.sessions.commit([other('a')], [], () => outcome)
  await store.outbox.delivered([1])
}

/** That everything of `commitOnce` is there. */
async function expectAll({ sessions, outbox }: OpenStore): Promise<void> {
  let seen: readonly Arrival[] = []
  let state: State | undefined
  await sessions.commit([other('a'), other('new')], ['claude-code/s1'], (fresh, stored) => {
    seen = fresh
    state = stored.get('claude-code/s1')
    return nothing
  })
  expect(seen.map(({ item }) => item.dedupKey)).toEqual(['new'])
  expect(state).toEqual({ seen: ['a'] })
  expect(await sessions.dueSessions(AT_MS + 5, 1)).toEqual(['claude-code/s1'])
  const due = await outbox.due(AT_MS, 10, 1_000_000)
  expect(due.map(({ emission }) => emission)).toEqual([observation('b')])
}

describe('everything committed is there', () => {
  test('after a proper end', async () => {
    const store = await openStore()
    await commitOnce(store)
    await store.close()
    await expectAll(await openStore(store.dataDir))
  })

  test('after the machine stopped: only the files are left', async () => {
    const store = await openStore()
    await commitOnce(store)
    const copy = temporaryFolder()
    for (const file of ['claude-telemetry.db', 'claude-telemetry.db-wal']) {
      copyFileSync(join(store.dataDir, file), join(copy, file))
    }
    await expectAll(await openStore(copy))
  })

  test.each(['commits', 'on close'] as const)(
    'after the process was killed, and its lock is gone with it; flushes: %s',
    async (flushes) => {
      const dataDir = temporaryFolder()
      const holder = await startHolder(dataDir, flushes)
      expect(await tryToOpen(dataDir)).toMatchObject({ ok: false, error: { reason: 'locked' } })

      holder.kill('SIGKILL')
      await once(holder, 'exit')
      const { sessions } = await openStore(dataDir)
      let fresh: readonly Arrival[] = []
      await sessions.commit([other('from the holder'), other('b')], [], (arrivals) => {
        fresh = arrivals
        return nothing
      })
      expect(fresh.map(({ item }) => item.dedupKey)).toEqual(['b'])
    },
  )
})

/** Another process that holds the folder and has committed to it. */
async function startHolder(
  dataDir: string,
  flushes: 'commits' | 'on close',
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'holder.ts')
  const holder = spawn(process.execPath, [script, dataDir, flushes], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void holder.kill('SIGKILL'))
  for await (const line of createInterface(holder.stdout)) {
    if (line === 'committed') break
  }
  return holder
}

describe('the check', () => {
  async function complaint(store: OpenStore): Promise<string> {
    const checked = await store.check()
    return checked.ok ? '' : checked.error
  }

  test('passes while a commit would', async () => {
    const store = await openStore()
    expect(await store.check()).toEqual({ ok: true, value: undefined })
  })

  test('fails when a commit would, with the reason', async () => {
    const store = await openStore()
    await store.close()
    expect(await complaint(store)).toMatch(/not open/)
    await expect(store.sessions.commit([], [], () => nothing)).rejects.toThrow(/not open/)
  })

  test('fails while another program writes, and nothing is stored then', async () => {
    const store = await openStore()
    const writer = connect(store.dataDir).exec('begin immediate')
    expect(await complaint(store)).toMatch(/locked/)
    await expect(commitOnce(store)).rejects.toThrow(/locked/)
    writer.exec('rollback')
    expect(store.rows('select * from seen')).toEqual([])
    await commitOnce(store)
    await expectAll(store)
  })
})
