/** `/health` on a disk without room: the same as clients see, from the first refusal to the last. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HealthReport } from '../../src/receivers/http/health-route.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { type BridgeProcess, startedProcess } from './corpus/bridge-process.ts'
import { eventually } from './corpus/recording.ts'
import { canMount, mountSmallDisk, unmountSmallDisk } from './faults/small-disk.ts'

const DISK_BYTES = 8_000_000

interface Disk {
  readonly bridge: BridgeProcess
  readonly fill: () => void
  readonly free: () => void
}

async function bridgeOnSmallDisk(): Promise<Disk> {
  const dataDir = temporaryFolder()
  mountSmallDisk(dataDir, DISK_BYTES)
  const bridge = await startedProcess(bridgeEnvironment(dataDir))
  onTestFinished(async () => {
    bridge.kill('SIGKILL')
    await bridge.ended()
    unmountSmallDisk(dataDir)
    removeFolder(dataDir)
  })
  const ballast = join(dataDir, 'ballast')
  return {
    bridge,
    fill: () => {
      const chunk = Buffer.alloc(4096)
      try {
        for (;;) writeFileSync(ballast, chunk, { flag: 'a' })
      } catch {
        // No room is left.
      }
    },
    free: () => rmSync(ballast),
  }
}

let sent = 0
/** Posts a record that takes some hundred kilobytes; resolves to the status of the answer. */
async function post({ url }: BridgeProcess): Promise<number> {
  sent += 1
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const record = {
    timeUnixNano: `${Date.now()}000000`,
    body: { stringValue: 'claude_code.user_prompt' },
    attributes: [
      attribute('session.id', 'one'),
      attribute('event.name', 'user_prompt'),
      attribute('event.sequence', String(sent)),
      attribute('prompt.id', `p${sent}`),
      attribute('prompt', 'x'.repeat(200_000)),
    ],
  }
  const scope = { name: 'com.anthropic.claude_code.events' }
  const answer = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [attribute('service.name', 'claude-code')] },
          scopeLogs: [{ scope, logRecords: [record] }],
        },
      ],
    }),
  })
  await answer.arrayBuffer()
  return answer.status
}

async function health({ url }: BridgeProcess): Promise<HealthReport & { readonly code: number }> {
  const answer = await fetch(`${url}/health`)
  return { ...((await answer.json()) as HealthReport), code: answer.status }
}

describe.skipIf(!canMount())('a disk without room', () => {
  test('is told with the first record that is refused, with the figures of before', async () => {
    const { bridge, fill, free } = await bridgeOnSmallDisk()
    expect(await post(bridge)).toBe(200)
    const before = await health(bridge)
    expect(before).toMatchObject({ code: 200, status: 'ok', sessions: 1, storage: { state: 'ok' } })
    expect(before.storage.lastCommitAt).not.toBeNull()
    fill()
    // The log has some room of its own left.
    await eventually('a refusal', async () => (await post(bridge)) === 503)
    for (let n = 0; n < 5; n += 1) {
      const said = await health(bridge)
      expect(said).toMatchObject({
        code: 503,
        status: 'unavailable',
        sessions: 1,
        storage: { state: 'failing', lastError: expect.stringMatching(/full|disk/) },
      })
      expect(said.delivery.pending).not.toBeNull()
      expect(Date.parse(said.asOf ?? '')).not.toBeNaN()
    }
    free()
    await eventually('an acceptance', async () => (await post(bridge)) === 200)
    expect(await health(bridge)).toMatchObject({
      code: 200,
      status: 'ok',
      storage: { state: 'ok', lastError: null, failingSince: null },
    })
  })

  test('that has room again is found by a bridge that nobody sends anything to', async () => {
    const { bridge, fill, free } = await bridgeOnSmallDisk()
    expect(await post(bridge)).toBe(200)
    fill()
    await eventually('a refusal', async () => (await post(bridge)) === 503)
    free()
    await eventually('health', async () => (await health(bridge)).code === 200)
  })
})
