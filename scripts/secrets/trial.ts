/**
 * The trial of masking: secrets and look-alikes in every channel over every transport, to the real
 * program as a process of its own with a Langfuse stand-in; then a search for any half of any secret
 * in every byte of the data folder, the log at `debug`, the API, and what Langfuse got.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLangfuseStandIn,
  STAND_IN_KEYS,
} from '../../test/integration/langfuse-stand-in/stand-in.ts'
import { storedBytes, storeSettings } from '../../test/integration/store.ts'
import { untilListening } from '../listening.ts'
import type { GeneratedSecret } from './generate.ts'
import { secretsBySecretlint } from './oracle.ts'
import { type BridgeAddress, sendRefused, sendTexts, transports } from './requests.ts'

export interface Leak {
  readonly kind: string
  /** Where it was found. */
  readonly place: string
}

export interface TrialResult {
  readonly leaks: readonly Leak[]
  /** Look-alikes that were not found as they were sent. */
  readonly touched: readonly string[]
  /** What secretlint finds in the texts as they were sent: it shows that it can find something. */
  readonly foundInSent: readonly string[]
  /** What it finds in everything that was searched. */
  readonly foundInKept: readonly string[]
  /** Bytes that were searched. */
  readonly bytes: number
}

interface Place {
  readonly name: string
  readonly bytes: Buffer
}

const entry = join(import.meta.dirname, '../../dist/main.js')

export async function runTrial(
  secrets: readonly GeneratedSecret[],
  lookAlikes: readonly string[],
): Promise<TrialResult> {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-secrets-'))
  const langfuse = await createLangfuseStandIn()
  try {
    const dataDir = join(folder, 'data')
    mkdirSync(dataDir)
    const bridge = await startBridge(folder, dataDir, langfuse.url)
    const texts = [...secrets.map(({ text }) => text), ...lookAlikes]
    for (const transport of transports) await sendTexts(bridge, transport, texts)
    await sendRefused(
      bridge,
      secrets.map(({ text }) => text),
    )
    const places = [...filesIn(dataDir, 'while it ran'), ...(await answersOf(bridge, dataDir))]
    await bridge.stop()
    places.push(
      ...filesIn(dataDir, 'after it stopped'),
      { name: 'the log', bytes: Buffer.from(bridge.log()) },
      { name: 'Langfuse: spans', bytes: Buffer.from(JSON.stringify(langfuse.spans())) },
      { name: 'Langfuse: scores', bytes: Buffer.from(JSON.stringify(langfuse.scores())) },
    )
    const foundInKept: string[] = []
    for (const { name, bytes } of places) {
      foundInKept.push(...(await secretsBySecretlint(name, bytes)))
    }
    return {
      foundInSent: await secretsBySecretlint('what was sent', Buffer.from(texts.join('\n'))),
      foundInKept,
      leaks: secrets.flatMap((secret) => leaksOf(secret, places)),
      touched: lookAlikes.filter((text) => !isWhole(text, langfuse.spans())),
      bytes: places.reduce((sum, { bytes }) => sum + bytes.length, 0),
    }
  } finally {
    await langfuse.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Half a secret counts as leaked. */
function leaksOf({ kind, secret }: GeneratedSecret, places: readonly Place[]): Leak[] {
  const halves = [
    secret.slice(0, Math.ceil(secret.length / 2)),
    secret.slice(Math.floor(secret.length / 2)),
  ]
  return places
    .filter(({ bytes }) => halves.some((half) => bytes.includes(half)))
    .map(({ name }) => ({ kind, place: name }))
}

/** Whether some trace has the text as its prompt; JSON is shown as what it says. */
function isWhole(text: string, spans: readonly { readonly input?: unknown }[]): boolean {
  return spans.some(({ input }) => input === text || JSON.stringify(input) === text)
}

function filesIn(dataDir: string, when: string): Place[] {
  return storedBytes(dataDir).map(({ name, bytes }) => ({ name: `${name} ${when}`, bytes }))
}

/** What the API says of the sessions, with all that is below them. */
async function answersOf(bridge: BridgeAddress, dataDir: string): Promise<Place[]> {
  const tokenFile = join(dataDir, 'access-token')
  const headers: Record<string, string> = existsSync(tokenFile)
    ? { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` }
    : {}
  const get = async (path: string): Promise<string> => {
    const response = await fetch(`${bridge.url}${path}`, { headers })
    const body = await response.text()
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}: ${body}`)
    return body
  }
  const texts = [await get('/api/sessions'), await get('/api/overview'), await get('/api/delivery')]
  for (const transport of transports) {
    const key = encodeURIComponent(`claude-code/secrets-${transport}`)
    texts.push(
      await get(`/api/sessions/${key}`),
      await get(`/api/sessions/${key}/turns`),
      await get(`/api/sessions/${key}/events`),
    )
  }
  return [{ name: 'the API', bytes: Buffer.from(texts.join('\n')) }]
}

interface RunningBridge extends BridgeAddress {
  readonly log: () => string
  readonly stop: () => Promise<void>
}

async function startBridge(
  folder: string,
  dataDir: string,
  langfuseUrl: string,
): Promise<RunningBridge> {
  const child = spawn(process.execPath, [entry], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      ...storeSettings(dataDir),
      OTLP_RECEIVER_PORT: '0',
      OTLP_GRPC_PORT: '0',
      LOG_LEVEL: 'debug',
      LANGFUSE_HOST: langfuseUrl,
      LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
      LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
      SHUTDOWN_TIMEOUT: '120000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close')
  let log = ''
  const onOutput = (chunk: Buffer): void => {
    log += chunk.toString()
  }
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  const { url, grpc } = await untilListening(child)
  return {
    url,
    grpc,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}
