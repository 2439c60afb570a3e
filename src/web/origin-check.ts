/**
 * Whether a request comes from the bridge's own page, or from no page at all. Keeps other web
 * sites, and other ports of this machine, from asking in the name of whoever looks at them.
 */
import type { FastifyRequest } from 'fastify'
import type { WebFailure } from './failure.ts'

/**
 * The failure that these headers mean, if any. Browsers say `Sec-Fetch-Site` where the connection
 * can be trusted (https, this machine), and a page cannot change it; elsewhere `Origin` has to
 * name the host that was asked. A request with neither does not come from a page.
 */
export function foreignOrigin(headers: FastifyRequest['headers']): WebFailure | undefined {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return undefined
  if (site !== undefined) return forbidden(`Sec-Fetch-Site is ${shown(site)}`)
  if (origin === undefined || hostOf(origin) === host?.toLowerCase()) return undefined
  return forbidden(`the Origin header is ${shown(origin)}`)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function forbidden(what: string): WebFailure {
  return { code: 'forbidden', message: `${what}; only the bridge's own page may ask this` }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
