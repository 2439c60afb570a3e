/**
 * One request as it arrived, its body inflated and parsed.
 */
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { type ApiRequest, kindOf } from './api.ts'
import type { RequestKind } from './fault.ts'

export interface ReceivedRequest extends ApiRequest {
  readonly kind: RequestKind
  /** As it came over the wire, compressed or not. */
  readonly bodyBytes: number
}

/** Rejects when the sender breaks off. */
export async function receivedRequest(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const raw = await buffer(incoming)
  const { method = '', headers, url = '/' } = incoming
  const { pathname: path, searchParams: query } = new URL(url, 'http://stand-in')
  const json = parseBody(raw, headers['content-encoding'])
  return { method, path, query, headers, json, kind: kindOf({ path, json }), bodyBytes: raw.length }
}

function parseBody(raw: Buffer, encoding: string | undefined): unknown {
  try {
    return JSON.parse((encoding === 'gzip' ? gunzipSync(raw) : raw).toString())
  } catch {
    return undefined
  }
}
