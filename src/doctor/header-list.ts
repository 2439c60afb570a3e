/**
 * The headers of `OTEL_EXPORTER_OTLP_HEADERS` and its kind: `name=value,name=value`. Over HTTP Claude
 * Code takes the common list as it stands and adds what the signal's own list has beside it; over gRPC,
 * and in the signal's own list, the exporters decode percent signs and cut a value at its first `;`.
 * Pure; measured on 2.1.329.
 */

/** Names in lower case, as they count. */
export type Headers = Readonly<Record<string, string>>

export interface HeaderLists {
  /** `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly common: string
  /** `OTEL_EXPORTER_OTLP_<SIGNAL>_HEADERS`. */
  readonly own: string
}

export function httpHeaders({ common, own }: HeaderLists): Headers {
  return { ...decodedHeaders(own), ...plainHeaders(common) }
}

export function grpcHeaders({ common, own }: HeaderLists): Headers {
  return { ...decodedHeaders(common), ...decodedHeaders(own) }
}

/** A pair without a name, or without an equals sign, is left out. */
export function pairsOf(list: string): readonly (readonly [name: string, value: string])[] {
  return list.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    return at < 1 || name === '' ? [] : [[name, pair.slice(at + 1).trim()] as const]
  })
}

function plainHeaders(list: string): Headers {
  return Object.fromEntries(pairsOf(list).map(([name, value]) => [name.toLowerCase(), value]))
}

function decodedHeaders(list: string): Headers {
  const pairs = pairsOf(list).flatMap(([name, value]) => {
    const [first = ''] = value.split(';')
    const decoded = decodedOf(first.trim())
    return decoded ? [[name.toLowerCase(), decoded] as const] : []
  })
  return Object.fromEntries(pairs)
}

function decodedOf(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/** One header that cannot be sent, and nothing of the signal is. */
export function unsendable(headers: Headers, isGrpc: boolean): string | undefined {
  return Object.keys(headers).find((name) => !isSendable(name, headers[name] ?? '', isGrpc))
}

const NAME = /^[!#$&'*+.^`|~\w-]+$/
const NAME_IN_GRPC = /^[\w.-]+$/
/** What a header may hold: HTTP takes Latin-1, gRPC what ASCII can print. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const VALUE_IN_GRPC = /^[\x20-\x7e]*$/

function isSendable(name: string, value: string, isGrpc: boolean): boolean {
  return isGrpc
    ? NAME_IN_GRPC.test(name) && VALUE_IN_GRPC.test(value)
    : NAME.test(name) && VALUE.test(value)
}
