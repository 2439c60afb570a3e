/**
 * What is checked of an OTLP request before a byte of its body is read: may this client write
 * here, and can its encoding be undone.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../../config/loopback.ts'
import { createKeyCheck } from '../api-key.ts'
import { compressionOf } from './content-encoding.ts'
import type { Failure } from '../errors.ts'
import { unauthenticated } from '../errors.ts'

/** The failure that these headers mean, if any. */
export type Guard = (headers: IncomingHttpHeaders) => Failure | undefined

/**
 * With a key, the key decides. Without one the receiver listens on loopback only, and asks that
 * the request was meant for it: a web page that has its own name resolve to 127.0.0.1 (DNS
 * rebinding) still sends that name as `Host`.
 */
export function createGuard(apiKey: string | undefined): Guard {
  const admit = apiKey === undefined ? foreignHost : admitKey(apiKey)
  return (headers) => admit(headers) ?? admitEncoding(headers)
}

function admitKey(apiKey: string): Guard {
  const hasKey = createKeyCheck(apiKey)
  return (headers) => (hasKey(headers.authorization) ? undefined : unauthenticated)
}

/** What is wrong with the `Host` of a request to a bridge that has no key. */
export function foreignHost(headers: IncomingHttpHeaders): Failure | undefined {
  const { host } = headers
  if (host === undefined || isLoopback(host.replace(/:\d*$/, ''))) return undefined
  const shown = JSON.stringify(host.slice(0, 100))
  const message = `the Host header is ${shown}, expected localhost, 127.0.0.1 or [::1]; set API_KEY to allow other names`
  return { kind: 'foreign_host', message }
}

function admitEncoding(headers: IncomingHttpHeaders): Failure | undefined {
  const encoding = headers['content-encoding']
  if (compressionOf(encoding) !== undefined) return undefined
  const shown = JSON.stringify(encoding?.slice(0, 100))
  const message = `content-encoding is ${shown}, expected gzip, identity or none`
  return { kind: 'unsupported_encoding', message }
}
