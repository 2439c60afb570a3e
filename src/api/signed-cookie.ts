/**
 * Values in cookies of this page's own: signed and with an end, so that a browser can keep but not
 * make or change them. The key comes from a secret that all replicas have.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface SignedCookie<T> {
  /** The header that sets it. */
  set(value: T, nowMs: number): string
  /** The header that removes it. */
  clear(): string
  /** Undefined where there is none, it was not made here, or its time is over. */
  read(header: string | undefined, nowMs: number): T | undefined
}

export interface CookieOptions {
  readonly name: string
  readonly secret: string
  readonly maxAgeS: number
  /** Sent over https only. */
  readonly isSecure: boolean
  /** `Lax`: also with the first request that comes from another site. */
  readonly sameSite: 'Strict' | 'Lax'
}

interface Payload<T> {
  readonly value: T
  readonly endsMs: number
}

export function createSignedCookie<T>(options: CookieOptions): SignedCookie<T> {
  const { secret, maxAgeS, isSecure, sameSite } = options
  // A name that browsers take from this host alone, and over https.
  const name = isSecure ? `__Host-${options.name}` : options.name
  const key = Buffer.from(hkdfSync('sha256', secret, '', `claude-telemetry ${options.name}`, 32))
  const headerOf = (text: string, ageS: number): string =>
    `${name}=${text}; Path=/; Max-Age=${ageS}; HttpOnly; SameSite=${sameSite}${isSecure ? '; Secure' : ''}`

  function signatureOf(body: string): Buffer {
    return createHmac('sha256', key).update(body).digest()
  }

  return {
    set: (value, nowMs) => {
      const payload: Payload<T> = { value, endsMs: nowMs + maxAgeS * 1000 }
      const body = Buffer.from(JSON.stringify(payload)).toString('base64url')
      return headerOf(`${body}.${signatureOf(body).toString('base64url')}`, maxAgeS)
    },
    clear: () => headerOf('', 0),
    read: (header, nowMs) => {
      const cookies = header ?? ''
      for (const cookie of cookies.split(';')) {
        const text = cookie.trim()
        if (!text.startsWith(`${name}=`)) continue
        const [body = '', signature = ''] = text.slice(name.length + 1).split('.')
        const given = Buffer.from(signature, 'base64url')
        const expected = signatureOf(body)
        if (given.length !== expected.length || !timingSafeEqual(given, expected)) continue
        const { value, endsMs } = JSON.parse(
          Buffer.from(body, 'base64url').toString(),
        ) as Payload<T>
        if (nowMs < endsMs) return value
      }
      return undefined
    },
  }
}
