/** Whether the bridge is there, is ours, is well, and takes what Claude Code would send it. */
import type { ReceiverConfig } from '../config/config.ts'
import type { Answer, BridgeProbe } from './bridge-probe.ts'
import { type BridgeTarget, type Health, healthOf, livenessOf } from './bridge-target.ts'
import { clockFinding, type Surroundings } from './machine-checks.ts'
import { fault, fine, type Finding, skipped, warning } from './finding.ts'
import { isLoopback } from '../config/loopback.ts'
import { readCertificate } from '../setup/bridge-address.ts'
import { examineSignals, hostRefused, isHostRefusal } from './signal-checks.ts'
import { hostOf, type SignalPlan } from './signal-plan.ts'

const START =
  'Start it: claude-telemetry start, or at each login: claude-telemetry install --service'

export interface BridgeExamination {
  readonly findings: readonly Finding[]
  /** Absent when no bridge of ours answers. */
  readonly health?: Health
  /** It takes records. */
  readonly takesRecords: boolean
  /** Whether it was tried at all: Claude Code sends logs to where the bridge is. */
  readonly isTried: boolean
}

export interface BridgeQuestion {
  readonly ownVersion: string
  readonly probe: BridgeProbe
  readonly now: () => number
  /** What Claude Code would send, and where. */
  readonly plans: readonly SignalPlan[]
  readonly hasHelper: boolean
  readonly surroundings: Surroundings
}

export async function examineBridge(
  target: BridgeTarget,
  receiver: ReceiverConfig,
  { ownVersion, probe, now, plans, hasHelper, surroundings }: BridgeQuestion,
): Promise<BridgeExamination> {
  const mixedUp = portMixedUp(target, receiver)
  if (mixedUp !== undefined) return { findings: [mixedUp], takesRecords: false, isTried: true }
  const answer = await probe.get(`${target.base}/health`, healthHeaders(target, receiver))
  const health = answer.kind === 'answer' ? healthOf(answer.text) : undefined
  if (
    answer.kind === 'no_answer' ||
    !(health !== undefined || livenessOf(answer.text) !== undefined)
  ) {
    const finding = await notThere(target, answer, probe, { surroundings, receiver })
    return { findings: [finding], takesRecords: false, isTried: true }
  }
  const signals = await examineSignals(plans, { base: target.base, receiver, probe, hasHelper })
  const findings = [
    fine('bridge.running', `the bridge answers at ${target.base}`),
    ...certificateFindings(target, receiver, now()),
    ...(health === undefined
      ? [skipped('bridge.store', 'the bridge gives details only to clients that send its key')]
      : [
          versionFinding(health, ownVersion),
          storeFinding(health, target),
          ...sizeFindings(health),
        ]),
    ...signals.findings,
    ...clockFinding('clock.bridge', 'the bridge', answer.dateMs, now()),
  ]
  const takesRecords = signals.takesRecords && answer.status === 200
  const { isTried } = signals
  return { findings, ...(health !== undefined && { health }), takesRecords, isTried }
}

/** Our own key where it is our own bridge: whether Claude Code sends it is a question of its own. */
function healthHeaders(
  { base, configured, headers }: BridgeTarget,
  { apiKey }: ReceiverConfig,
): Readonly<Record<string, string>> {
  const isOwn = base === configured && apiKey !== undefined
  return isOwn ? { authorization: `Bearer ${apiKey}` } : headers
}

/** The two servers of the bridge have a port each, and a client at the wrong one gets nowhere. */
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
  {
    surroundings,
    receiver,
  }: { readonly surroundings: Surroundings; readonly receiver: ReceiverConfig },
): Promise<Finding> {
  if (answer.kind === 'answer' && isHostRefusal(answer)) {
    const { what, todo, id } = hostRefused(new URL(base).hostname)
    return fault(id, what(''), todo ?? '')
  }
  if (answer.kind === 'answer') {
    const what = `another program answers at ${base} (HTTP ${answer.status} to /health)`
    return fault(
      'bridge.running',
      what,
      'Stop it, or set another OTLP_RECEIVER_PORT for the bridge and run "claude-telemetry install" again',
    )
  }
  // With TLS 1.3 the connection may be closed before the reason is read.
  const asksClients = configured === base && receiver.tls?.clientCaFile !== undefined
  const isEnded = asksClients && /closed|reset/i.test(answer.error)
  if (/certificate/i.test(answer.error) || isEnded) {
    return notTrusted(base, answer.error, isEnded)
  }
  const what = `nothing answers at ${base} (${answer.error})`
  if (configured === base && surroundings === 'machine') return fault('bridge.running', what, START)
  const other = await probe.get(`${configured}/health`)
  const isThere =
    other.kind === 'answer' &&
    (healthOf(other.text) !== undefined || livenessOf(other.text) !== undefined)
  const isNamed = !isLoopback(hostOf(new URL(base)))
  const way = wayOut(surroundings, isNamed)
  const here = `The bridge runs at ${configured}: claude-telemetry install writes that address`
  const start = `${START} (it is configured for ${configured})`
  const todo = isThere ? [here, ...(way === undefined ? [] : [way])].join('. ') : (way ?? start)
  return fault('bridge.running', what, todo)
}

const DAY_MS = 86_400_000
const RENEWAL_DAYS = 14

/** How long the certificate of our own bridge is still good for. */
function certificateFindings(
  { base, configured }: BridgeTarget,
  { tls }: ReceiverConfig,
  nowMs: number,
): readonly Finding[] {
  const id = 'bridge.tls'
  if (tls === undefined || base !== configured) return []
  const certificate = readCertificate(tls.certFile)
  if (certificate === undefined) {
    return [skipped(id, `${tls.certFile} cannot be read by this command`)]
  }
  const days = Math.floor((Date.parse(certificate.validTo) - nowMs) / DAY_MS)
  const until = new Date(certificate.validTo).toISOString().slice(0, 10)
  if (days >= RENEWAL_DAYS) return [fine(id, `its certificate is valid until ${until}`)]
  const todo = `Renew ${tls.certFile}; the bridge reads it again within a minute, or on SIGHUP`
  if (days < 0) return [fault(id, `its certificate expired on ${until}`, todo)]
  return [warning(id, `its certificate expires on ${until}`, todo)]
}

/** TLS ends before anything is asked: the certificate of one side does not suit the other. */
function notTrusted(base: string, error: string, asksClients: boolean): Finding {
  const id = 'bridge.tls'
  if (asksClients || /certificate required|handshake failure/i.test(error)) {
    const what = `the bridge at ${base} accepts only clients with a certificate (${error})`
    const todo =
      'Set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY for Claude Code. Commands have no certificate: use /health/ready on METRICS_PORT'
    return fault(id, what, todo)
  }
  const what = `the certificate of the bridge at ${base} is not trusted here (${error})`
  const todo =
    'Set NODE_EXTRA_CA_CERTS to its CA file, for Claude Code and for this command, and use a name that the certificate has'
  return fault(id, what, todo)
}

/** What stands between a container, or WSL, and a bridge on the host. */
function wayOut(surroundings: Surroundings, isNamed: boolean): string | undefined {
  if (isNamed) {
    return 'Make sure that the name resolves here (docker run --add-host=host.docker.internal:host-gateway) and that the bridge accepts connections from other machines: OTLP_RECEIVER_HOST=0.0.0.0 with an API_KEY'
  }
  if (surroundings === 'container') {
    return 'This is a container, and localhost is the container itself: for a bridge on the host, claude-telemetry install --endpoint http://host.docker.internal:4318 --api-key - (it reads the API_KEY of the bridge)'
  }
  if (surroundings === 'wsl') {
    return 'This is WSL, whose localhost is not that of Windows unless networkingMode=mirrored: start the bridge in WSL, or use the address of the Windows host'
  }
  return undefined
}

function versionFinding({ version }: Health, ownVersion: string): Finding {
  const id = 'bridge.version'
  if (version === ownVersion) return fine(id, `version ${version}`)
  const what = `the bridge is version ${version}, this command ${ownVersion}`
  return warning(id, what, 'Restart the bridge with the newer version')
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
  const what = `the store is larger than MAX_STORE_SIZE, and the remaining sessions cannot be deleted (${storage.waitingSessions} closed sessions wait for Langfuse, the others are open)`
  return [warning('bridge.size', what, 'Make sure that Langfuse is reachable, or raise the limit')]
}
