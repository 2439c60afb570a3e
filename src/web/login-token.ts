/**
 * What the login's cookie holds: an expiry, signed with a key that is derived from API_KEY. So a
 * login outlasts restarts, a changed key ends all of them, and nothing has to be stored.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export const LOGIN_LIFETIME_MS = 7 * 86_400_000

export interface LoginTokens {
  /** A token that holds from now on for LOGIN_LIFETIME_MS. */
  issue(nowMs: number): string
  isValid(token: string, nowMs: number): boolean
}

/** The tokens of one key. */
export function createLoginTokens(apiKey: string): LoginTokens {
  const signingKey = Buffer.from(hkdfSync('sha256', apiKey, '', 'claude-telemetry login', 32))
  const signatureOf = (expiry: string): Buffer =>
    createHmac('sha256', signingKey).update(expiry).digest()

  return {
    issue: (nowMs) => {
      const expiry = String(Math.floor(nowMs) + LOGIN_LIFETIME_MS)
      return `${expiry}.${signatureOf(expiry).toString('base64url')}`
    },
    isValid: (token, nowMs) => {
      const [expiry = '', signature = '', ...rest] = token.split('.')
      if (rest.length > 0 || !/^\d{1,16}$/.test(expiry)) return false
      const sent = Buffer.from(signature, 'base64url')
      const expected = signatureOf(expiry)
      const isSigned = sent.length === expected.length && timingSafeEqual(sent, expected)
      return isSigned && Number(expiry) > nowMs
    },
  }
}
