/**
 * A set-up that is well: Claude Code (its `--version`), a home in which `install` has run, a bridge
 * and a Langfuse. Tests break one thing of it.
 */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { PRODUCT_VERSION } from '../../../src/app/version.ts'
import { bridgeEnvironment, startBridge } from '../corpus/bridge.ts'
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { createHome, type Home } from './home.ts'

export const SETTINGS = '.claude/settings.json'

export interface Finding {
  readonly id: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly what: string
  readonly todo?: string
}

export interface Diagnosis {
  readonly code: number | null
  readonly findings: readonly Finding[]
}

export interface Patient {
  readonly home: Home
  /** What the command and the bridge are configured with. */
  readonly variables: Record<string, string>
  /** Sets variables in the settings of Claude Code; `undefined` takes one out. */
  set(variables: Readonly<Record<string, string | undefined>>): void
  claude(version: string): void
  diagnose(...args: string[]): Promise<Diagnosis>
}

export interface Running {
  readonly port: number
  readonly grpcPort: number
  /** As the bridge was started. */
  readonly variables: Readonly<Record<string, string>>
}

/** A bridge for the tests of a file. */
export async function runBridge(
  dataDir: string,
  langfuse: LangfuseStandIn | undefined,
  settings: Readonly<Record<string, string>> = {},
): Promise<Running & { stop(): Promise<void> }> {
  const environment = {
    ...bridgeEnvironment(dataDir, langfuse),
    OTLP_GRPC_PORT: '0',
    ...settings,
  }
  const bridge = await startBridge(environment)
  const port = Number(new URL(bridge.url).port)
  const grpcPort = Number(bridge.grpc?.split(':').at(-1) ?? 0)
  const ports = {
    OTLP_RECEIVER_PORT: String(port),
    OTLP_GRPC_PORT: grpcPort === 0 ? 'off' : String(grpcPort),
  }
  return { port, grpcPort, variables: { ...environment, ...ports }, stop: () => bridge.stop() }
}

export function createPatient(bridge: Running): Patient {
  const home = createHome()
  const variables = { ...bridge.variables }
  const claude = (version: string): void => {
    home.program('claude', `#!/bin/sh\necho '${version} (Claude Code)'\n`)
  }
  claude('2.1.329')
  const installed = home.run(['install'], variables)
  if (installed.code !== 0) throw new Error(installed.stderr)
  return {
    home,
    variables,
    claude,
    set: (changes) => {
      const { env, ...rest } = JSON.parse(home.read(SETTINGS).toString()) as {
        env: Record<string, string>
      }
      home.write(SETTINGS, JSON.stringify({ ...rest, env: { ...env, ...changes } }))
    },
    diagnose: async (...args) => {
      const { code, stdout, stderr } = await home.start(['doctor', '--json', ...args], variables)
      if (stderr !== '') throw new Error(stderr)
      const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
      if (ok !== (code === 0)) throw new Error(`exit code ${code}, but ok is ${ok}`)
      return { code, findings }
    },
  }
}

/** A server that answers every request with this, as if it were a bridge. Gives its port. */
export async function answering(
  answer: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Promise<number> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The health of a bridge that is well, with changes. */
export function health(changes: object, delivery: object = {}): unknown {
  return {
    status: 'ok',
    version: PRODUCT_VERSION,
    langfuse: 'connected',
    delivery: { pending: 0, dead: 0, dropped: 0, oldestPendingMs: null, ...delivery },
    ...changes,
  }
}
