/**
 * Inputs built from public bug reports (`test/fixtures/cases`), played against a real bridge: the
 * requests of `steps.json` in order, with "@-5000" as five seconds before now in nanoseconds. What a
 * test then asks (commands, the API, what Langfuse has) it asks itself.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runOnScreen } from '../cli/screen.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from '../corpus/bridge.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'

const folder = join(import.meta.dirname, '../../fixtures/cases')

interface Step {
  /** A file of requests; its name ends in its signal. */
  readonly send?: string
}

interface Steps {
  readonly env?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

export interface Played {
  readonly bridge: TestBridge
  readonly langfuse: LangfuseStandIn
  /** Posts a request again, or another one. */
  send(signal: 'logs' | 'metrics' | 'traces', body: string): Promise<void>
  /** What a command prints; it has to succeed. */
  cli(...args: readonly string[]): Promise<string>
  api<T>(path: string): Promise<T>
  /** Closes all sessions, so that everything is delivered. */
  stop(): Promise<void>
}

/** A bridge with a Langfuse beside it, for the case's settings and whatever a test adds. */
export async function startRig(env: Readonly<Record<string, string>> = {}): Promise<Played> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  const environment = { ...bridgeEnvironment(dataDir, langfuse), TZ: 'UTC', ...env }
  const bridge = await startBridge(environment)
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (!isStopped) await bridge.stop()
    isStopped = true
  }
  onTestFinished(async () => {
    await stop()
    await langfuse.close()
    removeFolder(dataDir)
  })
  const variables = { ...environment, OTLP_RECEIVER_PORT: new URL(bridge.url).port }
  return {
    bridge,
    langfuse,
    send: async (signal, body) => {
      const response = await fetch(`${bridge.url}/v1/${signal}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      expect([response.status, await response.text()]).toEqual([200, '{}'])
    },
    cli: async (...args) => {
      const { code, stdout, stderr } = await runOnScreen(args, variables, { isTTY: false })
      expect([code, stderr]).toEqual([0, ''])
      return stdout
    },
    api: async <T>(path: string) => (await (await fetch(bridge.url + path)).json()) as T,
    stop,
  }
}

/** The requests of a case, in order, with their times. */
export function requestsOf(
  name: string,
  nowMs = Date.now(),
): readonly { readonly signal: 'logs' | 'metrics' | 'traces'; readonly body: string }[] {
  return stepsOf(name).steps.flatMap(({ send }) => {
    if (send === undefined) return []
    const signal = /-(logs|metrics|traces)\.json$/.exec(send)?.[1] as 'logs' | 'metrics' | 'traces'
    const text = readFileSync(join(folder, name, send), 'utf8')
    return [{ signal, body: withTimes(text, nowMs) }]
  })
}

/** The same, with the case's requests sent. `change` makes a variant of each. */
export async function playCase(
  name: string,
  {
    env = {},
    change = (body) => body,
  }: { readonly env?: Record<string, string>; readonly change?: (body: string) => string } = {},
): Promise<Played> {
  const rig = await startRig({ ...stepsOf(name).env, ...env })
  for (const { signal, body } of requestsOf(name)) await rig.send(signal, change(body))
  return rig
}

/** `"@-5000"` in nanoseconds. */
export function withTimes(text: string, nowMs: number): string {
  return text.replace(/"@(-?\d+)"/g, (_, ms: string) => `"${nowMs + Number(ms)}000000"`)
}

function stepsOf(name: string): Steps {
  return JSON.parse(readFileSync(join(folder, name, 'steps.json'), 'utf8')) as Steps
}
