/** A DATABASE_READ_URL that is none: it is told, and everything is read from the database itself. */
import { tmpdir } from 'node:os'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../../src/app/app.ts'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { createHome } from '../cli/home.ts'
import { post, turn } from '../cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, temporaryFolder } from '../corpus/bridge.ts'

/** A bridge with a session of this name. */
async function bridgeWith(id: string, databaseUrl: string, readUrl?: string) {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const environment: Record<string, string> = {
    ...bridgeEnvironment(dataDir),
    LOG_LEVEL: 'warn',
    DATABASE_URL: databaseUrl,
    ...(readUrl !== undefined && { DATABASE_READ_URL: readUrl }),
  }
  const platform = { os: process.platform, homeDir: tmpdir(), workingDir: tmpdir() }
  const config = loadConfig(environment, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const told: string[] = []
  const log = createLogger('warn', { write: (line: string) => void told.push(line) })
  const app = await createApp(config.value, log)
  if (!app.ok) throw new Error(app.error)
  const started = await app.value.start()
  if (!started.ok) throw new Error(started.error)
  onTestFinished(async () => void (await app.value.stop()))
  const { url } = started.value
  await post(url, [{ id, events: turn('hello', 1) }])
  const listed = async () => {
    const response = await fetch(`${url}/api/sessions`)
    const list = (await response.json()) as Partial<SessionList>
    return [response.status, list.sessions?.map(({ sessionId }) => sessionId)]
  }
  return { environment, listed, told: () => told.join('') }
}

async function otherStore(): Promise<string> {
  const { url } = await newTestDatabase()
  await bridgeWith('theirs', url)
  return url
}

test.each([
  [
    'nobody listens',
    async () => 'postgres://me:secret-1@127.0.0.1:9/x',
    '127.0.0.1:9/x cannot be used',
  ],
  ['another store is', otherStore, 'is no replica of DATABASE_URL'],
  ['nothing is stored', async () => (await newTestDatabase()).url, 'holds no data'],
])('where %s', async (_, readUrl, reason) => {
  const { url } = await newTestDatabase()
  const { environment, listed, told } = await bridgeWith('mine', url, await readUrl())
  await vi.waitFor(() => expect(told()).toContain(reason))
  expect(told()).toMatch(/DATABASE_READ_URL.*read from DATABASE_URL instead/)
  expect(await listed()).toEqual([200, ['mine']])
  const { code, stdout, stderr } = await createHome().start(['sessions', '--json'], environment)
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^DATABASE_READ_URL/)])
  expect(stderr).toContain(reason)
  expect(stdout).toContain('mine')
  expect(told() + stdout + stderr).not.toContain('secret-1')
})

test('a database of the same store is read, and nothing is told', async () => {
  const { url } = await newTestDatabase()
  const readUrl = `${url}${url.includes('?') ? '&' : '?'}application_name=replica`
  const { environment, listed, told } = await bridgeWith('mine', url, readUrl)
  expect(await listed()).toEqual([200, ['mine']])
  const { code, stderr } = await createHome().start(['sessions', '--json'], environment)
  expect([code, stderr, told()]).toEqual([0, '', ''])
})
