/**
 * What a user is called on the page and in a terminal. The API itself has the whole id, which is an e-mail
 * address, or whatever else the agent names its user by: often a hash of 64 digits.
 */

/** Enough to tell users apart by. */
const SHORT_ID_LENGTH = 8
const EMAIL = /^([^@\s]+)@[^@\s]+$/
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i
const HASH = /^[\da-f]{32,}$/i

/** The name before the `@` of an address, the beginning of a hash or UUID, any other name as it is. */
export function userName(userId: string): string {
  const local = EMAIL.exec(userId)?.[1]
  if (local !== undefined) return local
  return UUID.test(userId) || HASH.test(userId) ? userId.slice(0, SHORT_ID_LENGTH) : userId
}
