/**
 * The body of a hook: one JSON object of unknown shape, bounded in size, and in depth so that
 * whoever walks through it later can. Numbers beyond all doubles (`1e400`) become the text
 * `Infinity`, as those of OTLP do: JSON has no number for them, and what is stored must read as what
 * came.
 */
import { type Attributes, parseBoundedJson } from '../../domain/json-value.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { PostedHook } from '../../domain/telemetry-record.ts'
import {
  type DecodeFailure,
  type Decoding,
  ENDED,
  heapBytesOf,
  MAX_RECORD_BYTES,
} from '../../otlp/decoding.ts'
import { textProblem } from '../../otlp/json-request.ts'
import type { Decoders } from '../encoding.ts'

const MAX_DEPTH = 64

/** Of the hooks that an agent posts, which come as JSON only. */
export function hookDecoders(agent: string): Decoders<PostedHook> {
  return {
    fromJson: (bytes) => decodeHook(agent, readHook(bytes), bytes.length),
    fromProtobuf: (bytes) => decodeHook(agent, notJson, bytes.length),
  }
}

const notJson = err({ message: 'hooks are JSON: send content-type application/json' })

function* decodeHook(
  agent: string,
  body: Result<Attributes, DecodeFailure>,
  wireBytes: number,
): Decoding<PostedHook> {
  if (!body.ok) return body.error
  const heapBytes = heapBytesOf(1, 0, wireBytes)
  const hook = { agent, body: body.value, labels: {} }
  yield { accepted: [hook], rejected: [], heapBytes, isLast: true }
  return ENDED
}

function readHook(bytes: Buffer): Result<Attributes, DecodeFailure> {
  const problem = textProblem(bytes)
  if (problem !== undefined) return err(problem)
  if (bytes.length > MAX_RECORD_BYTES) {
    return err({ message: `the hook is larger than ${MAX_RECORD_BYTES} bytes` })
  }
  const parsed = parseBoundedJson(bytes.toString('utf8'))
  if (!parsed.ok) return err({ message: `the body ${parsed.error}` })
  const body = parsed.value
  if (!isContainer(body) || Array.isArray(body))
    return err({ message: 'a hook is one JSON object' })
  if (!isWithinDepth(body)) {
    return err({ message: `the hook nests deeper than ${MAX_DEPTH} levels` })
  }
  return ok(body as Attributes)
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Level by level, without recursion. */
function isWithinDepth(body: object): boolean {
  let level: object[] = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false
    for (const container of level) nameInfinities(container)
    level = level.flatMap((container) => Object.values(container).filter(isContainer))
  }
  return true
}

function nameInfinities(container: object): void {
  for (const [key, value] of Object.entries(container)) {
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      Object.defineProperty(container, key, { value: String(value), enumerable: true })
    }
  }
}
