/** Whether the bridge is there, is ours, is well, and takes what Claude Code would send it. */
import type { ReceiverConfig } from '../config/config.ts'
import type { Answer, BridgeProbe } from './bridge-target.ts'
import type { BridgeTarget } from './bridge-target.ts'
import { clockFinding } from './machine-checks.ts'
import { fault, fine, type Finding, skipped, warning } from './finding.ts'
import { type Health, healthOf, livenessOf } from './bridge-target.ts'

const START =
  'Start it: claude-telemetry start, or at each login: claude-telemetry install --service'

export interface BridgeExamination {
  readonly findings: readonly Finding[]
  /** Absent when no bridge of ours answers. */
  readonly health?: Health
  /** It takes records. */
  readonly takesRecords: boolean
}

export async function examineBridge(
  target: BridgeTarget,
  receiver: ReceiverConfig,
  ownVersion: string,
  probe: BridgeProbe,
  now: () => number,
): Promise<BridgeExamination> {
  const mixedUp = portMixedUp(target, receiver)
  if (mixedUp !== undefined) return { findings: [mixedUp], takesRecords: false }
  const answer = await probe.get(`${target.base}/health`, healthHeaders(target, receiver))
  const health = answer.kind === 'answer' ? healthOf(answer.text) : undefined
  if (
    answer.kind === 'no_answer' ||
    !(health !== undefined || livenessOf(answer.text) !== undefined)
  ) {
    const finding = await notThere(target, answer, probe)
    return { findings: [finding], takesRecords: false }
  }
  const key = await keyFinding(target, probe)
  const findings = [
    fine('bridge.running', `the bridge answers at ${target.base}`),
    ...(health === undefined
      ? [skipped('bridge.store', 'the bridge tells more only to those who send its key')]
      : [
          versionFinding(health, ownVersion),
          storeFinding(health, target),
          ...sizeFindings(health),
        ]),
    key,
    ...(await grpcFindings(target, receiver, probe)),
    ...clockFinding('clock.bridge', 'the bridge', answer.dateMs, now()),
  ]
  const takesRecords = key.status === 'ok' && answer.status === 200
  return { findings, ...(health !== undefined && { health }), takesRecords }
}

/** Our own key where it is our own bridge: whether Claude Code sends it is a question of its own. */
function healthHeaders(
  { base, configured, headers }: BridgeTarget,
  { apiKey }: ReceiverConfig,
): Readonly<Record<string, string>> {
  const isOwn = base === configured && apiKey !== undefined
  return isOwn ? { authorization: `Bearer ${apiKey}` } : headers
}

/** The two doors of the bridge have a port each, and a client at the wrong one gets nowhere. */
function portMixedUp({ base, grpc }: BridgeTarget, receiver: ReceiverConfig): Finding | undefined {
  const id = 'bridge.port'
  if (grpc !== undefined) {
    if (grpc.port !== receiver.port) return undefined
    const what = `gRPC is sent to port ${grpc.port}, which is the bridge's HTTP port`
    return fault(id, what, 'claude-telemetry install --protocol grpc, or --protocol http/json')
  }
  if (Number(new URL(base).port) !== receiver.grpcPort) return undefined
  const what = `HTTP is sent to port ${receiver.grpcPort}, which is the bridge's gRPC port`
  return fault(id, what, 'claude-telemetry install, or --protocol grpc')
}

async function notThere(
  { base, configured }: BridgeTarget,
  answer: Answer,
  probe: BridgeProbe,
): Promise<Finding> {
  if (answer.kind === 'answer') {
    const what = `another program answers at ${base} (HTTP ${answer.status} to /health)`
    return fault(
      'bridge.running',
      what,
      'End it, or give the bridge another OTLP_RECEIVER_PORT and run "claude-telemetry install" again',
    )
  }
  const what = `nothing answers at ${base} (${answer.error})`
  if (configured === base) return fault('bridge.running', what, START)
  const other = await probe.get(`${configured}/health`)
  const isThere =
    other.kind === 'answer' &&
    (healthOf(other.text) !== undefined || livenessOf(other.text) !== undefined)
  const todo = isThere
    ? `The bridge runs at ${configured}: claude-telemetry install writes that address`
    : `${START} (it is configured for ${configured})`
  return fault('bridge.running', what, todo)
}

function versionFinding({ version }: Health, ownVersion: string): Finding {
  const id = 'bridge.version'
  if (version === ownVersion) return fine(id, `version ${version}`)
  const what = `the bridge is version ${version}, this command ${ownVersion}`
  return warning(id, what, 'Restart the bridge with the newer one')
}

function storeFinding({ status, storage }: Health, { isLocal }: BridgeTarget): Finding {
  const id = 'bridge.store'
  if (status === 'ok') return fine(id, 'records can be stored')
  const why = storage?.lastError ? ` (${storage.lastError})` : ''
  const where = isLocal
    ? 'DATA_DIR: is its disk full or read-only?'
    : "the bridge's DATA_DIR and log"
  return fault(id, `the bridge cannot store records${why}`, `Look at ${where}`)
}

function sizeFindings({ storage }: Health): readonly Finding[] {
  if (storage?.isFull !== true) return []
  const what = `the store is larger than MAX_STORE_SIZE, and what is left may not be deleted (${storage.waitingSessions} closed sessions wait for Langfuse, the others are open)`
  return [warning('bridge.size', what, 'See to it that Langfuse is reachable, or allow more room')]
}

async function keyFinding({ base, headers }: BridgeTarget, probe: BridgeProbe): Promise<Finding> {
  const id = 'bridge.key'
  const answer = await probe.post(`${base}/v1/logs`, { resourceLogs: [] }, headers)
  if (answer.kind === 'no_answer') return fault(id, `a request broke off: ${answer.error}`, START)
  if (answer.status === 200) return fine(id, 'the bridge takes requests as Claude Code sends them')
  const isRefused = answer.status === 401 || answer.status === 403
  if (!isRefused) {
    return fault(
      id,
      `an empty request was answered HTTP ${answer.status}`,
      "Look at the bridge's log",
    )
  }
  const sent = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
  const what = sent
    ? 'the bridge does not accept the key'
    : 'the bridge asks for a key, and none is sent'
  return fault(
    id,
    what,
    'claude-telemetry install --api-key - takes the API_KEY of the bridge from standard input',
  )
}

async function grpcFindings(
  { grpc }: BridgeTarget,
  { grpcPort }: ReceiverConfig,
  probe: BridgeProbe,
): Promise<Finding[]> {
  if (grpc === undefined) return []
  const id = 'bridge.grpc'
  const where = `${grpc.host}:${grpc.port}`
  if (await probe.accepts(grpc.host, grpc.port)) {
    return [
      fine(id, `gRPC is accepted at ${where}`),
      skipped('bridge.grpc-key', 'the key was tried over HTTP only'),
    ]
  }
  const todo =
    grpcPort === undefined
      ? 'The bridge has OTLP_GRPC_PORT=off: set a port, or claude-telemetry install --protocol http/json'
      : 'claude-telemetry install --protocol grpc writes the address of the bridge'
  return [fault(id, `nothing accepts gRPC at ${where}`, todo)]
}
