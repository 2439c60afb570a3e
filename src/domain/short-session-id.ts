/** Beginnings of session ids that are enough to name one by: lists show them, commands take any unique one. Pure. */

/** A random one differs from all others of a store with eight digits. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-/i
const UUID_LENGTH = 8

/**
 * Ids that begin with their time, whose first digits are the same for minutes or days; up to their
 * milliseconds they differ. UUIDv7 (RFC 9562, section 5.7; Codex), and opencode's.
 */
const TIMED = /^(?:[\da-f]{8}-[\da-f]{4}-7|ses_[\da-f]{12})/i
const TIMED_LENGTH = 13

/** Of an id that an agent makes up in a way of its own. */
const OTHER_LENGTH = 16

export function shortSessionId(sessionId: string): string {
  if (TIMED.test(sessionId)) return sessionId.slice(0, TIMED_LENGTH)
  return sessionId.slice(0, UUID.test(sessionId) ? UUID_LENGTH : OTHER_LENGTH)
}
