/**
 * How requests to the page's API fail: one table from what went wrong to a status, and the
 * failures several places share. Messages say what to do and hold no secrets.
 */
import type { Me, Problem, ProblemCode } from './contract/access.ts'

/** A failure on its way to the browser. */
export interface WebFailure {
  readonly code: ProblemCode
  readonly message: string
}

export const statusOf = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_many: 429,
  internal: 500,
  stopping: 503,
  unavailable: 503,
  timeout: 504,
} as const satisfies Record<ProblemCode, number>

/** The failure's body. */
export function problemOf({ code, message }: WebFailure): Problem {
  return { error: { code, message } }
}

/** A bug. */
export const internal: WebFailure = {
  code: 'internal',
  message: 'the bridge failed on this request; its log says why',
}

/** What is stored cannot be masked by a bridge that masks nothing. */
export const nothingIsMasked: WebFailure = {
  code: 'conflict',
  message: 'the bridge runs with MASK=off: set MASK=on or strict, and start it again',
}

/** `who` reads what was stored before it was masked. */
export function filesInUse(who: string): WebFailure {
  return { code: 'conflict', message: `${who}${LEFT_IN_FILES}` }
}

/** Part of that message. */
export const LEFT_IN_FILES = ': all data is masked, but the files still hold what it was before'

/** Nothing is refused, so there is nothing to lift. */
export const nothingIsStopped: WebFailure = {
  code: 'conflict',
  message:
    'no budget of the bridge refuses anything: that needs a budget and BUDGET_ACTION=stop or stop-now',
}

/** Nothing of that is lifted, so there is nothing to end. */
export function nothingIsLifted(budget: string | undefined): WebFailure {
  const what =
    budget === undefined ? 'no budget is lifted' : `no override for ${budget} is in force`
  return { code: 'conflict', message: `${what}; see claude-telemetry budget overrides` }
}

/** What was read for it is kept, so it goes further the next time. */
export const tookTooLong: WebFailure = {
  code: 'timeout',
  message:
    'the query took too long because it reads very many records; ask again, and it continues where it stopped',
}

export const tooManyQuestions: WebFailure = {
  code: 'unavailable',
  message: 'too many queries are waiting already; try again in a moment',
}

/** The thread that answers ended, or could not begin. */
export const readerEnded: WebFailure = {
  code: 'unavailable',
  message: 'the query thread has just ended and is restarting; try again. The log says why',
}

/** Not this program's failure; where the database is, is nothing for whoever asks. */
export const databaseAway: WebFailure = {
  code: 'unavailable',
  message: 'the database cannot be used at present; try again. The log says why',
}

/** No key was sent. */
export function notLoggedIn(access: 'key' | 'token'): WebFailure {
  const message =
    access === 'key'
      ? 'log in with the API_KEY of the bridge, or send "Authorization: Bearer <key>"'
      : 'open the page with "claude-telemetry open", or send "Authorization: Bearer <token>" with ' +
        "what is in the file access-token of the bridge's DATA_DIR"
  return { code: 'unauthenticated', message }
}

/** The key that was sent is another one. */
export function wrongKey(access: Me['access']): WebFailure {
  const expected = access === 'key' ? 'the API_KEY' : 'the access token'
  return { code: 'unauthenticated', message: `this is not ${expected} of the bridge` }
}

/** Another one of many wrong keys. */
export const tooManyGuesses: WebFailure = {
  code: 'too_many',
  message: 'too many wrong keys came from this address; wait a minute, or send the right one',
}

/** Whoever asks is known, and may not do this. */
export function missingScope(scope: string, reason?: string): WebFailure {
  const because = reason === undefined ? '' : `; ${reason}`
  return {
    code: 'forbidden',
    message: `this needs the scope ${scope}, which your key does not have${because}`,
  }
}

/** There is no such thing, or no longer. */
export function notFound(what: string, name: string): WebFailure {
  return { code: 'not_found', message: `there is no ${what} ${JSON.stringify(name.slice(0, 200))}` }
}
