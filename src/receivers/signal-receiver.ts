/**
 * What becomes of one request of a signal, whichever server it came to: bytes to records to
 * `intake.accept`, and only then an answer. A large request is stored part by part, taking turns
 * with others.
 */
import type { Clock } from '../domain/clock.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type {
  HookAnswer,
  LogRecord,
  MetricPoint,
  Origin,
  PostedHook,
  SpanRecord,
} from '../domain/telemetry-record.ts'
import type { Counters } from '../observability/counters.ts'
import type { SignalName } from '../observability/ingest-log.ts'
import type { DecodeFailure, Decoding, Part } from '../otlp/decoding.ts'
import { jsonLogs } from '../otlp/json-logs.ts'
import { jsonMetrics } from '../otlp/json-metrics.ts'
import { decodeJson } from '../otlp/json-request.ts'
import { jsonTraces } from '../otlp/json-traces.ts'
import { summaryOf } from '../otlp/partial-success.ts'
import { decodeProto } from '../otlp/proto-envelope.ts'
import { wireLogs } from '../otlp/proto-logs.ts'
import { wireMetrics } from '../otlp/proto-metrics.ts'
import { wireTraces } from '../otlp/proto-traces.ts'
import type { Intake } from '../processors/chain.ts'
import type { Forwarding } from '../processors/forwarding.ts'
import type { IngestRequest, SignalRecords } from '../processors/record-processor.ts'
import type { Permit } from './admission.ts'
import type { Decoders, Encoding } from './encoding.ts'
import { type Failure, notStored, overloaded, stopping } from './errors.ts'
import type { Sender } from './ingest-access.ts'
import { createRejections, type FailureLog, type Rejections } from './refusal-log.ts'
import { hookDecoders } from './hooks/hook-body.ts'
import { lotsOf } from './lots.ts'
import { createTurns, type Turns } from './turns.ts'

/** A failure, with what caused it, for the log only. */
export interface Refusal {
  readonly failure: Failure
  readonly cause?: unknown
}

/** What became of a request that was not refused as a whole. */
export interface Taken {
  /** Records that were kept, or were known. */
  readonly accepted: number
  readonly rejected: readonly Rejection[]
  /** Points of metrics that were read, and of which nothing is made. */
  readonly unused: number
  /** What a hook is answered; absent where it lets the agent go on. */
  readonly hookAnswer?: HookAnswer
}

/** Takes the requests of one signal. */
export interface SignalReceiver<Name extends SignalName = SignalName> {
  readonly name: Name
  /**
   * Resolves once all records that were not refused are durable. After a failure, parts
   * that came before it may be: a client that sends them again has them counted once.
   */
  take(
    bytes: Buffer,
    encoding: Encoding,
    permit: Permit,
    sender?: Sender,
  ): Promise<Result<Taken, Refusal>>
}

export interface SignalReceiverDeps {
  readonly intake: Intake
  /** Passes requests on to another collector; absent where there is none. */
  readonly forwarding?: Forwarding | undefined
  readonly clock: Clock
  readonly counters: Counters
  readonly failureLog: FailureLog
  /** Once aborted, large requests end with the part at hand. */
  readonly stopping: AbortSignal
  /** The agents whose hooks are taken. */
  readonly hookAgents: readonly string[]
}

export interface SignalReceivers {
  readonly logs: SignalReceiver<'logs'>
  readonly metrics: SignalReceiver<'metrics'>
  readonly traces: SignalReceiver<'traces'>
  /** By the agent that posts them. */
  readonly hooks: ReadonlyMap<string, SignalReceiver<'hooks'>>
}

/** How the records of one signal are read, and what the chain calls them. */
interface SignalFormat<T, Name extends SignalName> {
  readonly name: Name
  readonly decoders: Decoders<T>
  readonly signalRecords: (records: readonly T[]) => SignalRecords
  /** Hooks have none. */
  readonly originOf: (record: T) => Origin | undefined
  /** A request brings one record, and is refused with it. */
  readonly isSingle: boolean
}

const originOf = ({ origin }: { readonly origin: Origin }): Origin => origin

const logs: SignalFormat<LogRecord, 'logs'> = {
  name: 'logs',
  decoders: {
    fromJson: (bytes) => decodeJson(bytes, jsonLogs),
    fromProtobuf: (bytes) => decodeProto(bytes, wireLogs),
  },
  signalRecords: (records) => ({ signal: 'log', records }),
  originOf,
  isSingle: false,
}

const metrics: SignalFormat<MetricPoint, 'metrics'> = {
  name: 'metrics',
  decoders: {
    fromJson: (bytes) => decodeJson(bytes, jsonMetrics),
    fromProtobuf: (bytes) => decodeProto(bytes, wireMetrics),
  },
  signalRecords: (records) => ({ signal: 'metric', records }),
  originOf,
  isSingle: false,
}

const traces: SignalFormat<SpanRecord, 'traces'> = {
  name: 'traces',
  decoders: {
    fromJson: (bytes) => decodeJson(bytes, jsonTraces),
    fromProtobuf: (bytes) => decodeProto(bytes, wireTraces),
  },
  signalRecords: (records) => ({ signal: 'trace', records }),
  originOf,
  isSingle: false,
}

function hooksOf(agent: string): SignalFormat<PostedHook, 'hooks'> {
  return {
    name: 'hooks',
    decoders: hookDecoders(agent),
    signalRecords: (records) => ({ signal: 'hook', records }),
    originOf: () => undefined,
    isSingle: true,
  }
}

/** The three signals of OTLP, and the hooks of each agent that posts some. */
export function createSignalReceivers(deps: SignalReceiverDeps): SignalReceivers {
  const shared = { ...deps, turns: createTurns(1) }
  return {
    logs: createSignalReceiver(logs, shared),
    metrics: createSignalReceiver(metrics, shared),
    traces: createSignalReceiver(traces, shared),
    hooks: new Map(
      deps.hookAgents.map((agent) => [agent, createSignalReceiver(hooksOf(agent), shared)]),
    ),
  }
}

type SharedDeps = SignalReceiverDeps & { readonly turns: Turns }

function createSignalReceiver<T, Name extends SignalName>(
  format: SignalFormat<T, Name>,
  deps: SharedDeps,
): SignalReceiver<Name> {
  const { clock, counters, failureLog, intake, stopping: isStopping, turns } = deps
  const redact = (text: string): string => intake.redactText(text)

  const takeParts = async (
    decoding: Decoding<T>,
    permit: Permit,
    hold: Hold,
    sender: Sender,
  ): Promise<Result<Taken, Refusal>> => {
    const rejections = createRejections()
    // The one place where the time of arrival is taken: all records of a request share it.
    let hookAnswer: HookAnswer | undefined
    const request: IngestRequest = {
      arrivedMs: clock.now(),
      permit,
      ...whoOf(sender),
      answerHook: (answer) => {
        hookAnswer = answer
      },
    }
    let accepted = 0
    let unused = 0
    const onKept = (records: number): void => {
      accepted += records
      counters.countAccepted(records)
    }
    const keep = createKeeping(format, request, hold, rejections, sender, { ...deps, onKept })
    let endTurn = nothing
    try {
      // What is small is one part, and waits for no turn.
      for (let step = decoding.next(); ; step = decoding.next()) {
        if (step.done === true) return err({ failure: malformed(step.value, redact) })
        const part = step.value
        const refusal = part && (await keep(part))
        if (refusal !== undefined) return err(refusal)
        if (part?.unused !== undefined) {
          const { points, rejected } = intake.notUsed(part.unused, request)
          unused += points
          rejections.add(rejected)
        }
        if (part?.isLast === true) {
          const refused = rejections.all()
          return ok({ accepted, rejected: refused, unused, ...(hookAnswer && { hookAnswer }) })
        }
        endTurn()
        if (isStopping.aborted) return err({ failure: stopping })
        endTurn = await turns.next()
      }
    } finally {
      endTurn()
    }
  }

  /** Whatever became of the records: hooks are no OTLP. */
  const forward = async (
    bytes: Buffer,
    encoding: Encoding,
    hold: Hold,
    sender: Sender,
  ): Promise<Refusal | undefined> => {
    const { name } = format
    if (deps.forwarding === undefined || name === 'hooks') return undefined
    let endTurn = nothing
    const pause = async (): Promise<void> => {
      endTurn()
      endTurn = nothing
      endTurn = await turns.next()
    }
    const work = { pause, hold: (size: number) => hold(Math.min(size, MAX_FORWARDING_BYTES)) }
    try {
      const isKept = await deps.forwarding.keep(bytes, name, encoding.name, work, whoOf(sender))
      return isKept ? undefined : { failure: overloaded }
    } catch (cause) {
      return { failure: notStored, cause }
    } finally {
      endTurn()
    }
  }

  return {
    name: format.name,
    take: async (bytes, encoding, permit, sender = {}) => {
      const hold = createHolding(permit)
      sender.charge?.({ records: 0, bytes: bytes.length })
      const decoding = encoding.decode(bytes, format.decoders)
      const taken = await takeParts(decoding, permit, hold, sender)
      if (!taken.ok) return taken
      const refusal = await forward(bytes, encoding, hold, sender)
      if (refusal !== undefined) return err(refusal)
      const { rejected } = taken.value
      const [first] = rejected
      if (first === undefined) return taken
      counters.countRejected(rejected)
      if (format.isSingle) return err({ failure: malformed(first, redact) })
      const worth = rejected.filter(({ reason }) => reason !== 'not_work')
      const facts = { signal: format.name, count: worth.length }
      if (worth.length > 0) failureLog.partlyRefused(facts, summaryOf(worth))
      return taken
    },
  }
}

/**
 * Of one request while it is forwarded: no more than decoding it may take, so that one that is alone
 * is never refused.
 */
const MAX_FORWARDING_BYTES = 24 * 1024 * 1024

/** Takes room on the heap for what a request takes at the moment; false when there is none. */
type Hold = (heapBytes: number) => boolean

/** What the largest part so far took is held to the end; the next one takes its place. */
function createHolding(permit: Permit): Hold {
  let heldBytes = 0
  return (heapBytes) => {
    if (heapBytes <= heldBytes) return true
    if (!permit.growDecoding(heapBytes - heldBytes)) return false
    heldBytes = heapBytes
    return true
  }
}

/** Has the parts of one request stored. Resolves to why that failed, if it did. */
function createKeeping<T>(
  { signalRecords, originOf }: SignalFormat<T, SignalName>,
  request: IngestRequest,
  hold: Hold,
  rejections: Rejections,
  sender: Sender,
  {
    intake,
    counters,
    onKept,
  }: Pick<SharedDeps, 'intake' | 'counters'> & { readonly onKept: (records: number) => void },
): (part: Part<T>) => Promise<Refusal | undefined> {
  return async ({ accepted, rejected, heapBytes, replacedTexts = 0 }) => {
    counters.countReplacedTexts(replacedTexts)
    if (!hold(heapBytes)) return { failure: overloaded }
    rejections.add(redacted(rejected, intake))
    for (const records of lotsOf(accepted, originOf)) {
      sender.charge?.({ records: records.length, bytes: 0 })
      let refused: readonly Rejection[]
      try {
        refused = await intake.accept(signalRecords(records), request)
      } catch (cause) {
        return { failure: notStored, cause }
      }
      rejections.add(refused)
      onKept(records.length - refused.length)
    }
    return undefined
  }
}

function malformed(
  { message }: DecodeFailure | Rejection,
  redact: (text: string) => string,
): Failure {
  return { kind: 'malformed', message: redact(message) }
}

/** What decoders quote has not been through the chain. Most refusals of a request are one object. */
function redacted(rejected: readonly Rejection[], intake: Intake): readonly Rejection[] {
  let last: Rejection | undefined
  let lastRedacted: Rejection | undefined
  return rejected.map((rejection) => {
    if (rejection !== last || lastRedacted === undefined) {
      last = rejection
      lastRedacted = { ...rejection, message: intake.redactText(rejection.message) }
    }
    return lastRedacted
  })
}

/** What a request's records are kept under. */
export function whoOf({ owner, keyName }: Sender): Pick<Sender, 'owner' | 'keyName'> {
  return { owner, keyName }
}

function nothing(): void {
  // Whoever has no turn has none to end.
}
