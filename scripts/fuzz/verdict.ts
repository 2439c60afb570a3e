/** What makes an answer a valid one of OTLP. */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { HttpAnswer } from './http-connection.ts'
import type { Encoding, FuzzRequest } from './requests.ts'

const ALLOWED: readonly number[] = [200, 400, 404, 405, 413, 415]
/** OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED; INTERNAL is the library's word for broken gzip. */
const ALLOWED_GRPC: readonly number[] = [0, 3, 8, 13]
const contentTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const

/** What is wrong with an answer over HTTP, if anything. */
export function httpFault(request: FuzzRequest, answer: HttpAnswer): string | undefined {
  const { status, contentType, body } = answer
  if (!ALLOWED.includes(status)) return `status ${status}: ${body.toString().slice(0, 300)}`
  if (request.isGood && status !== 200) return `a good request was answered ${status}`
  if (contentType !== contentTypes[request.answerEncoding]) {
    return `content-type ${contentType} to a request in ${request.answerEncoding}`
  }
  try {
    const { message, partial } = read(request.answerEncoding, status === 200, body)
    if (request.isGood && partial !== undefined) return `a good record was refused: ${partial}`
    return status === 200 || message !== '' ? undefined : 'an error without a message'
  } catch (error) {
    return `a body that cannot be read: ${String(error)}`
  }
}

/** What is wrong with an answer over gRPC, if anything. */
export function grpcFault(
  isGood: boolean,
  code: number,
  body: Buffer | undefined,
): string | undefined {
  if (!ALLOWED_GRPC.includes(code)) return `gRPC status ${code}`
  if (!isGood) return undefined
  if (code !== 0) return `a good call was answered with gRPC status ${code}`
  return body?.length === 0 ? undefined : 'a good record was refused'
}

interface Said {
  readonly message: string
  readonly partial: string | undefined
}

function read(encoding: Encoding, isSuccess: boolean, body: Buffer): Said {
  return encoding === 'json' ? readJson(isSuccess, body) : readProtobuf(isSuccess, body)
}

function readJson(isSuccess: boolean, body: Buffer): Said {
  const parsed = JSON.parse(body.toString()) as Record<string, unknown>
  const known = isSuccess ? ['partialSuccess'] : ['code', 'message', 'details']
  const odd = Object.keys(parsed).filter((key) => !known.includes(key))
  if (odd.length > 0) throw new Error(`unknown keys ${odd.join(', ')}`)
  const { partialSuccess, message = '' } = parsed
  if (typeof message !== 'string') throw new Error('the message is no text')
  return { message, partial: partialSuccess === undefined ? undefined : body.toString() }
}

/** Field 1 is `partial_success` or the code, field 2 the message, field 3 the details. */
function readProtobuf(isSuccess: boolean, body: Buffer): Said {
  const reader = new BinaryReader(body)
  let message = ''
  let partial: string | undefined
  while (reader.pos < reader.len) {
    const [field] = reader.tag()
    if (field === 1 && !isSuccess) reader.int32()
    else if (field === 1) partial = Buffer.from(reader.bytes()).toString('latin1')
    else if (field === 2 && !isSuccess) message = reader.string(true)
    else if (field === 3 && !isSuccess) reader.bytes()
    else throw new Error(`unknown field ${field}`)
  }
  return { message, partial }
}
