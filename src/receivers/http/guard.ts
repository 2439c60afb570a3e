/**
 * What is checked of a request before a byte of its body is read: is it meant for this bridge, may
 * this client write here, and can its encoding be undone.
 */
import { beginningOf } from '../../domain/beginning.ts'
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../../config/loopback.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { compressionOf } from './content-encoding.ts'
import type { Failure } from '../errors.ts'
import type { IngestCheck, Sender } from '../ingest-access.ts'

/** The failure that these headers mean, if any. */
type HeaderCheck = (headers: IncomingHttpHeaders) => Failure | undefined

/** Who sends, or why nobody may with these headers. */
export type Guard = (headers: IncomingHttpHeaders) => Promise<Result<Sender, Failure>>

/** The guard of what takes telemetry: the host, no web page, the key where one is needed. */
export function createGuard(apiKey: string | undefined, check: IngestCheck): Guard {
  const admitHost = createHostCheck(apiKey)
  return async (headers) => {
    const foreign = admitHost(headers) ?? admitNoPage(headers)
    if (foreign !== undefined) return err(foreign)
    const sender = await check(headers.authorization)
    if (!sender.ok) return sender
    const failure = admitEncoding(headers)
    return failure === undefined ? ok(sender.value) : err(failure)
  }
}

/** A name or an address, with or without a port. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?|\[[0-9a-f:.%a-z]+\])(?::\d{0,5})?$/i

/**
 * What is wrong with the `Host` of a request, or the `:authority` over HTTP/2. Without a key the
 * bridge listens on loopback only and takes none but its names: a web page that has its own name
 * resolve to 127.0.0.1 (DNS rebinding) still sends that name. With a key any name will do, since a
 * proxy may stand in front, but it has to be one.
 */
export function createHostCheck(apiKey: string | undefined): HeaderCheck {
  return (headers) => {
    const host = headers[':authority']?.toString() ?? headers.host
    if (host === undefined) return undefined
    const isKnown =
      apiKey === undefined ? isLoopback(host.replace(/:\d{0,5}$/, '')) : HOST.test(host)
    if (isKnown) return undefined
    const shown = JSON.stringify(beginningOf(host, 100))
    const expected =
      apiKey === undefined
        ? 'localhost, 127.0.0.1 or [::1]; set API_KEY to allow other names'
        : 'a host name or an address, with or without a port'
    return { kind: 'foreign_host', message: `the Host header is ${shown}, expected ${expected}` }
  }
}

/** Agents are no web pages. A page cannot leave these headers out of what it posts elsewhere. */
function admitNoPage({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): Failure | undefined {
  const name = origin === undefined ? 'Sec-Fetch-Site' : 'Origin'
  const value = origin ?? site
  if (value === undefined || value === 'none') return undefined
  const shown = JSON.stringify(beginningOf(value, 100))
  const message = `the ${name} header is ${shown}; telemetry from web pages is not accepted`
  return { kind: 'foreign_origin', message }
}

function admitEncoding(headers: IncomingHttpHeaders): Failure | undefined {
  const encoding = headers['content-encoding']
  if (compressionOf(encoding) !== undefined) return undefined
  const shown = JSON.stringify(encoding === undefined ? undefined : beginningOf(encoding, 100))
  const message = `content-encoding is ${shown}, expected gzip, identity or none`
  return { kind: 'unsupported_encoding', message }
}
