/**
 * How a bridge shows that it holds the access token of a data folder, without telling it. A command
 * asks for that before it sends the token: while the bridge does not run, any user of the machine
 * may listen on its port. The port is part of it, so that nobody can have a bridge on another port
 * answer for him.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** For one question. */
export function newChallenge(): string {
  return randomBytes(24).toString('base64url')
}

/** `port` is the one that the question came in on. */
export function proofOf(token: string, challenge: string, port: number): string {
  const said = `claude-telemetry bridge\n${port}\n${challenge}`
  return createHmac('sha256', token).update(said).digest('base64url')
}

export function isProof(proof: string, token: string, challenge: string, port: number): boolean {
  const expected = Buffer.from(proofOf(token, challenge, port))
  const given = Buffer.from(proof)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
