/** A shared bridge with two teams on it, who send the same session ids and different content. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IssuedAnswer } from '../../../src/api/contract/keys.ts'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { post, resourceLogsOf, toolResult, turn } from '../cli/telemetry.ts'
import { requestProto } from '../../../src/otlp/request-items.ts'
import { createGrpcClient, servicePaths } from '../grpc/grpc-client.ts'
import { bridgeEnvironment, startBridge, type TestBridge } from '../corpus/bridge.ts'

export const API_KEY = 'the-key-of-whoever-runs-this-bridge'
export const TEAMS = ['red', 'blue'] as const
export type Team = (typeof TEAMS)[number]

/** Sent by both teams. */
export const SESSION_ID = '0b0e7f1c-5f0f-4b7e-9a54-6a1f4b6f9a11'

/** Stands in every text that a team sends, and in nothing else. */
export const markerOf = (team: Team): string => `m4rk-${team}`
export const sessionKeyOf = (team: Team, user?: string): string =>
  `claude-code@${team}${user === undefined ? '' : `:${user}`}/${SESSION_ID}`

export interface Asked {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface SharedBridge extends TestBridge {
  readonly environment: Readonly<Record<string, string>>
  ask(path: string, key: string | undefined, asked?: Asked): Promise<Response>
  /** A key, made by the API. */
  key(name: string, body: object): Promise<string>
}

export async function startSharedBridge(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SharedBridge> {
  const environment = {
    ...bridgeEnvironment(dataDir),
    API_KEY,
    OTLP_GRPC_PORT: '0',
    SHUTDOWN_TIMEOUT: '60000',
    ...settings,
  }
  const bridge = await startBridge(environment)
  const ask = (path: string, key: string | undefined, asked: Asked = {}): Promise<Response> =>
    fetch(bridge.url + path, {
      method: asked.method ?? 'GET',
      headers: {
        ...(asked.body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...asked.headers,
      },
      ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
    })
  return {
    ...bridge,
    environment,
    ask,
    key: async (name, body) => {
      const answer = await ask('/api/keys', API_KEY, { method: 'POST', body: { name, ...body } })
      if (answer.status !== 200) throw new Error(await answer.text())
      return ((await answer.json()) as IssuedAnswer).secret
    },
  }
}

/** A session whose every text is marked as the team's. It claims to be the other team's. */
export function sessionOf(team: Team) {
  const marker = markerOf(team)
  const other = TEAMS.find((one) => one !== team) ?? team
  return {
    id: SESSION_ID,
    userId: `${marker}-user`,
    resource: {
      team: other,
      project: `${marker}-project`,
      [`${marker}.attribute`]: `${marker}-value`,
    },
    events: [
      ...turn(`${marker} prompt`, 1, `${marker}-model`),
      toolResult(`${marker}-tool`, { tool_input: JSON.stringify({ command: marker }) }),
    ],
  }
}

/** Over HTTP, gRPC and as a hook; and a record that goes to the quarantine. */
export async function sendAll(bridge: SharedBridge, team: Team, key: string): Promise<void> {
  const marker = markerOf(team)
  await post(bridge.url, [sessionOf(team)], key)
  const authorization = `Bearer ${key}`
  const overGrpc = {
    ...sessionOf(team),
    atMs: Date.now() + 1000,
    events: turn(`${marker} over gRPC`, 1, `${marker}-model`, { 'prompt.id': 'p2' }),
  }
  const request = { resourceLogs: [resourceLogsOf(overGrpc)] }
  const bytes = Buffer.from(requestProto(request, 'logs'))
  const grpc = createGrpcClient(bridge.grpc ?? '')
  const answer = await grpc.send(servicePaths.logs, bytes, { authorization })
  grpc.close()
  if (answer.code !== 0) throw new Error(answer.details)
  const hook = {
    hook_event_name: 'UserPromptSubmit',
    session_id: SESSION_ID,
    prompt_id: 'p1',
    prompt: `${marker} prompt`,
    cwd: `/${marker}`,
  }
  const hooked = await bridge.ask('/hooks/claude-code', key, { method: 'POST', body: hook })
  if (hooked.status !== 200) throw new Error(await hooked.text())
  const unknown = {
    resource: { attributes: [] },
    scopeLogs: [
      {
        scope: { name: `${marker}-scope` },
        logRecords: [{ eventName: `${marker}-event`, body: { stringValue: marker } }],
      },
    ],
  }
  await bridge.ask('/v1/logs', key, { method: 'POST', body: { resourceLogs: [unknown] } })
}

export async function sessionsFor(bridge: SharedBridge, key: string): Promise<readonly string[]> {
  const answer = await bridge.ask('/api/sessions?limit=200', key)
  if (answer.status !== 200) throw new Error(await answer.text())
  return ((await answer.json()) as SessionList).sessions.map((session) => session.key).toSorted()
}

export async function sessionFor(
  bridge: SharedBridge,
  sessionKey: string,
  key: string,
): Promise<Session> {
  const answer = await bridge.ask(`/api/sessions/${encodeURIComponent(sessionKey)}`, key)
  if (answer.status !== 200) throw new Error(await answer.text())
  return (await answer.json()) as Session
}

/** A file of the bridge's folder. */
export function writeFile(dataDir: string, name: string, value: unknown): string {
  const path = join(dataDir, name)
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}
