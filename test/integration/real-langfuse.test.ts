/**
 * A recording through the real process into a real Langfuse, the one of docker-compose.yml, and
 * read back through its API. Needs a Docker engine; without one it is skipped.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newStackSettings } from '../../scripts/stack-settings.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { recording, replay } from './corpus/recording.ts'
import { projectRoot } from './shell/project-copy.ts'

const STACK_TIMEOUT_MS = 15 * 60_000
const READ_TIMEOUT_MS = 60_000

/** What is read of Langfuse's answers. */
interface Observation {
  readonly id: string
  readonly type: string
  readonly name?: string | null
  readonly sessionId?: string | null
  readonly totalCost?: number | null
}
interface Score {
  readonly name: string
  readonly value: number
}

const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
  timeout: 10_000,
})

describe.skipIf(engine.status !== 0)('with a real Langfuse', () => {
  const settings = newStackSettings('3000')
  let dataDir = ''
  let stack: StartedDockerComposeEnvironment | undefined
  let langfuseUrl = ''

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
    stack = await new DockerComposeEnvironment(projectRoot, 'docker-compose.yml')
      .withEnvironment({ ...settings, LANGFUSE_WEB_PORT: '0' })
      .withStartupTimeout(STACK_TIMEOUT_MS)
      .up()
    const web = stack.getContainer('langfuse-web-1')
    langfuseUrl = `http://${web.getHost()}:${web.getMappedPort(3000)}`
  }, STACK_TIMEOUT_MS)

  afterAll(async () => {
    await stack?.down({ removeVolumes: true })
    rmSync(dataDir, { recursive: true, force: true })
  }, STACK_TIMEOUT_MS)

  /** All of what one question to Langfuse's API gives; recordings stay below one page. */
  async function read<T>(path: string): Promise<readonly T[]> {
    const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = settings
    const credentials = Buffer.from(`${publicKey}:${secretKey}`).toString('base64')
    const answer = await fetch(`${langfuseUrl}/api/public${path}`, {
      headers: { authorization: `Basic ${credentials}` },
    })
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`)
    const { data } = (await answer.json()) as { data: readonly T[] }
    return data
  }

  test('what was recorded is what Langfuse shows', { timeout: 3 * READ_TIMEOUT_MS }, async () => {
    const tools = recording('tools')
    const [[sessionId, truth] = []] = Object.entries(tools.truth)
    if (sessionId === undefined || truth === undefined) throw new Error('no session in the truth')
    const bridge = await startedProcess({
      DATA_DIR: dataDir,
      OTLP_RECEIVER_PORT: '0',
      PAGE_ACCESS: 'open',
      SHUTDOWN_TIMEOUT: '30000',
      LANGFUSE_HOST: langfuseUrl,
      LANGFUSE_PUBLIC_KEY: settings.LANGFUSE_PUBLIC_KEY,
      LANGFUSE_SECRET_KEY: settings.LANGFUSE_SECRET_KEY,
    })
    await replay(bridge.url, tools)
    bridge.kill('SIGTERM')
    expect(await bridge.ended()).toBe(0)

    await vi.waitFor(
      async () => {
        const session = `sessionId=${encodeURIComponent(sessionId)}`
        const observations = await read<Observation>(
          `/v2/observations?${session}&fields=core,basic,usage,metrics&limit=1000`,
        )
        const ids = observations.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
        const count = (type: string) => observations.filter((one) => one.type === type).length
        expect(count('GENERATION')).toBe(truth.api_requests)
        expect(count('TOOL')).toBe(truth.tool_results)
        const names = observations.map(({ name }) => name)
        expect(names.filter((name) => name === 'conversation')).toHaveLength(truth.prompts)
        expect(names.filter((name) => name === 'session-summary')).toHaveLength(1)
        const cost = observations.reduce((sum, { totalCost }) => sum + (totalCost ?? 0), 0)
        expect(cost).toBeCloseTo(truth.cost_usd, 6)
        const scores = await read<Score>(`/v3/scores?${session}&limit=100`)
        expect(scores.find(({ name }) => name === 'api_success_rate')?.value).toBe(1)
      },
      { timeout: READ_TIMEOUT_MS, interval: 500 },
    )
  })
})
