/** A key's quota is one for all replicas that share a database. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import { post, turn } from '../cli/telemetry.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { type SharedBridge, startSharedBridge } from '../teams/two-teams.ts'

const WAIT = { timeout: 60_000, interval: 100 }

async function replicaOn(url: string): Promise<SharedBridge> {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startSharedBridge(dataDir, { DATABASE_URL: url })
  onTestFinished(() => bridge.stop())
  return bridge
}

/** How a replica answers a request with nothing in it. */
async function answerTo(bridge: SharedBridge, key: string): Promise<number> {
  const body = { resourceLogs: [] }
  return (await bridge.ask('/v1/logs', key, { method: 'POST', body })).status
}

test.each([{ recordsPerMinute: 1 }, { bytesPerDay: 1 }])(
  'what one took of %o the others refuse, and so does one that starts later',
  async (quota) => {
    const { url } = await newTestDatabase()
    const one = await replicaOn(url)
    const other = await replicaOn(url)
    const small = await one.key('small', { scopes: ['ingest'], ...quota })
    const free = await one.key('free', { scopes: ['ingest'] })
    await vi.waitUntil(async () => (await answerTo(other, small)) === 200, WAIT)
    await post(one.url, [{ id: 's1', events: turn('a prompt', 1) }], small)
    expect(await answerTo(one, small)).toBe(429)
    await vi.waitUntil(async () => (await answerTo(other, small)) === 429, WAIT)
    expect(await answerTo(other, free)).toBe(200)
    expect(await answerTo(await replicaOn(url), small)).toBe(429)
  },
)
