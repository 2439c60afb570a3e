/**
 * A bridge that runs, as another program on the machine reaches it: its health, its live feed, and
 * the deletions that only it may do, since it holds sessions in memory. Every failure is a value
 * that completes "the bridge at … ".
 */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { describeFetchError } from '../http/fetch-error.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { isProof, newChallenge } from './bridge-proof.ts'
import { type Me, problem, type Setup } from './contract/access.ts'
import type {
  BudgetBody,
  BudgetOverrideAsked,
  BudgetOverrideEnded,
  BudgetOverrides,
  DefinedBudgets,
} from './contract/budgets.ts'
import type { Changed, DeadSelection, Delivery, Retried } from './contract/delivery.ts'
import type { ImportBody, ImportState } from './contract/imports.ts'
import type {
  AuditAnswer,
  IssuedAnswer,
  KeyAnswer,
  KeyChange,
  KeyBody,
  KeysAnswer,
} from './contract/keys.ts'
import type { LiveEvent, LiveRecent } from './contract/live.ts'
import type { Scrubbed, ScrubbedSession } from './contract/session.ts'

export interface BridgeApi {
  /** Without a trailing slash. */
  readonly address: string
  /** Whether it is the bridge that the key is of; the error says why not. */
  check(): Promise<Result<undefined, string>>
  /** The body of `/health`, whatever state it tells. */
  health(): Promise<Result<string, string>>
  /** How many raw records went with the session; `undefined` when it knows none of that key. */
  deleteSession(key: string): Promise<Result<number | undefined, string>>
  /** Masks what is stored of a session; `undefined` when it knows none of that key. */
  scrubSession(key: string): Promise<Result<ScrubbedSession | undefined, string>>
  /** Masks what belongs to no session, and clears the files; after all sessions. */
  scrub(): Promise<Result<Scrubbed, string>>
  /** Tries dead items again, or deletes them. How many there were. */
  changeDead(
    how: 'retry' | 'drop',
    selection: readonly number[] | 'all',
  ): Promise<Result<number, string>>
  /** Tries records of the quarantine again, or deletes them. */
  changeQuarantine(
    how: 'retry' | 'drop',
    selection: readonly number[] | 'all',
  ): Promise<Result<QuarantineChanged, string>>
  /** The id of an import of transcripts that has begun. */
  startImport(body: ImportBody): Promise<Result<string, string>>
  importState(id: string): Promise<Result<ImportState, string>>
  keys(): Promise<Result<KeysAnswer, string>>
  createKey(body: KeyBody): Promise<Result<IssuedAnswer, string>>
  rotateKey(nameOrId: string, overlapS: number): Promise<Result<IssuedAnswer, string>>
  updateKey(nameOrId: string, change: KeyChange): Promise<Result<KeyAnswer, string>>
  revokeKey(nameOrId: string): Promise<Result<KeyAnswer, string>>
  audit(cursor: string | undefined, limit: number): Promise<Result<AuditAnswer, string>>
  /** Defines a budget, or takes one out; all that are defined then. */
  addBudget(body: BudgetBody): Promise<Result<DefinedBudgets, string>>
  removeBudget(name: string): Promise<Result<DefinedBudgets, string>>
  /** Lifts what spent budgets refuse; all that is lifted then. */
  override(asked: BudgetOverrideAsked): Promise<Result<BudgetOverrides, string>>
  endOverride(asked: BudgetOverrideEnded): Promise<Result<BudgetOverrides, string>>
  overrides(): Promise<Result<BudgetOverrides, string>>
  /** How far a set-up is, as the page shows it. */
  setup(): Promise<Result<Setup, string>>
  delivery(): Promise<Result<Delivery, string>>
  liveRecent(limit: number): Promise<Result<LiveRecent, string>>
  /** What is stored from a position on, as it comes, until the connection ends. */
  live(after: number): Promise<Result<AsyncIterable<LiveMessage>, string>>
}

/** `gap`: the feed was too far behind and has left something out. */
export type LiveMessage = { readonly kind: 'gap' } | { readonly kind: 'event'; event: LiveEvent }

export interface QuarantineChanged {
  /** Taken up, or deleted. */
  readonly done: number
  /** Those that still cannot be assigned. */
  readonly left: number
}

export interface BridgeApiOptions {
  readonly address: string
  readonly apiKey: string | undefined
  /** Counts where there is no API key; is sent to no other than a bridge that holds it already. */
  readonly accessToken: string | undefined
  /** It takes clients with a certificate only, which this one does not have. */
  readonly asksForCertificate?: boolean
}

/** How a server ends the connection of a client whose certificate it misses, and nothing else. */
const ENDED = /closed|reset|certificate|handshake|EPIPE/i
const NO_CERTIFICATE =
  'accepts only clients with a certificate (TLS_CLIENT_CA_FILE), and commands have none'

/** What whoever was not answered is told, to complete "the bridge at … ". */
export function unansweredText(error: string, asksForCertificate: boolean): string {
  return asksForCertificate && ENDED.test(error) ? NO_CERTIFICATE : `does not answer (${error})`
}

const TIMEOUT_MS = 5000
type Init = Pick<RequestInit, 'method' | 'signal' | 'body'>
type Headers = Readonly<Record<string, string>>

const WRONG_KEY = 'refuses the API_KEY of this command'
const NO_KEY = 'has an API_KEY, and this command has none: set API_KEY'
const NO_TOKEN = 'asks for a key, and this command has none'
/** Deleting a large session, or many items, takes a while. */
const CHANGE_TIMEOUT_MS = 300_000
/** All of a large store is written anew. */
const SCRUB_TIMEOUT_MS = 1_800_000
const OVERRIDES_PATH = '/api/budgets/overrides'
/** As many as the API takes in one request. */
const MAX_IDS = 1000

/** A URL does not say the usual one of its protocol. */
function portOf(address: string): number {
  const { port, protocol } = new URL(address)
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

export function createBridgeApi({
  address,
  apiKey,
  accessToken,
  asksForCertificate = false,
}: BridgeApiOptions): BridgeApi {
  /** What to send with a question for data; found out once. */
  let authorization: Promise<Result<Headers, string>> | undefined
  const refusal = apiKey === undefined ? NO_TOKEN : WRONG_KEY

  /** The key that the bridge asks for. */
  async function authorized(): Promise<Result<Headers, string>> {
    if (apiKey !== undefined) return ok({ authorization: `Bearer ${apiKey}` })
    const challenge = newChallenge()
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await send(`/api/me?challenge=${challenge}`, { signal })
    const body = response.ok ? await bodyOf(response.value, refusal) : response
    if (!body.ok) return body
    const { access, proof = '' } = body.value as Me
    if (access === 'key') return err(NO_KEY)
    if (access === 'loopback' || accessToken === undefined) return ok({})
    if (!isProof(proof, accessToken, challenge, portOf(address))) {
      return err('does not hold the access token of this DATA_DIR: it is another one, or no bridge')
    }
    return ok({ authorization: `Bearer ${accessToken}` })
  }

  async function sendAuthorized(path: string, init: Init): Promise<Result<Response, string>> {
    authorization ??= authorized()
    const headers = await authorization
    // It may be there the next time.
    if (!headers.ok) authorization = undefined
    return headers.ok ? send(path, init, headers.value) : headers
  }

  async function send(
    path: string,
    init: Init,
    authorization: Headers = {},
  ): Promise<Result<Response, string>> {
    try {
      const type = init.body === undefined ? {} : { 'content-type': 'application/json' }
      const headers = { ...authorization, ...type }
      return ok(await fetch(`${address}${path}`, { redirect: 'manual', headers, ...init }))
    } catch (error) {
      return err(unansweredText(describeFetchError(error), asksForCertificate))
    }
  }

  async function json(path: string): Promise<Result<unknown, string>> {
    const response = await sendAuthorized(path, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? bodyOf(response.value, refusal) : response
  }

  async function change(path: string, ids: DeadSelection['ids']): Promise<Result<unknown, string>> {
    const response = await sendAuthorized(path, {
      method: 'POST',
      body: JSON.stringify({ ids } satisfies DeadSelection),
      signal: AbortSignal.timeout(CHANGE_TIMEOUT_MS),
    })
    return response.ok ? bodyOf(response.value, refusal) : response
  }

  async function changeOne(method: 'POST' | 'DELETE', path: string, body?: unknown) {
    const response = await sendAuthorized(path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok ? bodyOf(response.value, refusal) : response
  }

  async function scrub(path: string): Promise<Result<Response, string>> {
    const signal = AbortSignal.timeout(SCRUB_TIMEOUT_MS)
    return sendAuthorized(path, { method: 'POST', body: '{}', signal })
  }

  return {
    address,
    check: async () => {
      const me = await json('/api/me')
      if (!me.ok) return me
      return (me.value as Me).isLoggedIn ? ok(undefined) : err(refusal)
    },
    health: async () => {
      const key: Headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
      const response = await send('/health', { signal: AbortSignal.timeout(TIMEOUT_MS) }, key)
      return response.ok ? textOf(response.value) : response
    },
    startImport: async (body) => {
      const response = await sendAuthorized('/api/imports', {
        method: 'POST',
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const answer = response.ok ? await bodyOf(response.value, refusal) : response
      return answer.ok ? ok((answer.value as { id: string }).id) : answer
    },
    importState: async (id) => {
      const state = await json(`/api/imports/${encodeURIComponent(id)}`)
      return state.ok ? ok(state.value as ImportState) : state
    },
    deleteSession: async (sessionKey) => {
      const response = await sendAuthorized(`/api/sessions/${encodeURIComponent(sessionKey)}`, {
        method: 'DELETE',
        signal: AbortSignal.timeout(CHANGE_TIMEOUT_MS),
      })
      if (!response.ok) return response
      if (response.value.status === 404) return ok(undefined)
      const body = await bodyOf(response.value, refusal)
      return body.ok ? ok((body.value as { readonly records: number }).records) : body
    },
    scrubSession: async (sessionKey) => {
      const response = await scrub(`/api/sessions/${encodeURIComponent(sessionKey)}/scrub`)
      if (!response.ok) return response
      if (response.value.status === 404) return ok(undefined)
      const body = await bodyOf(response.value, refusal)
      return body.ok ? ok(body.value as ScrubbedSession) : body
    },
    scrub: async () => {
      const response = await scrub('/api/scrub')
      const body = response.ok ? await bodyOf(response.value, refusal) : response
      return body.ok ? ok(body.value as Scrubbed) : body
    },
    changeDead: async (how, selection) => {
      let changed = 0
      for (const ids of portionsOf(selection)) {
        const body = await change(`/api/delivery/${how}`, ids)
        if (!body.ok) return body
        changed += (body.value as Changed).items
      }
      return ok(changed)
    },
    changeQuarantine: async (how, selection) => {
      let done = 0
      let left = 0
      for (const ids of portionsOf(selection)) {
        const body = await change(`/api/quarantine/${how}`, ids)
        if (!body.ok) return body
        const { taken, items, left: stay } = body.value as Partial<Retried & Changed>
        done += taken ?? items ?? 0
        left += stay ?? 0
      }
      return ok({ done, left })
    },
    keys: async () => {
      const body = await json('/api/keys')
      return body.ok ? ok(body.value as KeysAnswer) : body
    },
    createKey: async (asked) => {
      const body = await changeOne('POST', '/api/keys', asked)
      return body.ok ? ok(body.value as IssuedAnswer) : body
    },
    rotateKey: async (nameOrId, overlapS) => {
      const path = `/api/keys/${encodeURIComponent(nameOrId)}/rotate`
      const body = await changeOne('POST', path, { overlapS })
      return body.ok ? ok(body.value as IssuedAnswer) : body
    },
    updateKey: async (nameOrId, asked) => {
      const path = `/api/keys/${encodeURIComponent(nameOrId)}/update`
      const body = await changeOne('POST', path, asked)
      return body.ok ? ok(body.value as KeyAnswer) : body
    },
    revokeKey: async (nameOrId) => {
      const body = await changeOne('DELETE', `/api/keys/${encodeURIComponent(nameOrId)}`)
      return body.ok ? ok(body.value as KeyAnswer) : body
    },
    audit: async (cursor, limit) => {
      const from = cursor === undefined ? '' : `&cursor=${cursor}`
      const body = await json(`/api/audit?limit=${limit}${from}`)
      return body.ok ? ok(body.value as AuditAnswer) : body
    },
    addBudget: async (asked) => {
      const body = await changeOne('POST', '/api/budgets', asked)
      return body.ok ? ok(body.value as DefinedBudgets) : body
    },
    removeBudget: async (name) => {
      const body = await changeOne('DELETE', `/api/budgets/${encodeURIComponent(name)}`)
      return body.ok ? ok(body.value as DefinedBudgets) : body
    },
    override: async (asked) => {
      const body = await changeOne('POST', OVERRIDES_PATH, asked)
      return body.ok ? ok(body.value as BudgetOverrides) : body
    },
    endOverride: async (asked) => {
      const body = await changeOne('POST', `${OVERRIDES_PATH}/end`, asked)
      return body.ok ? ok(body.value as BudgetOverrides) : body
    },
    overrides: async () => {
      const body = await json(OVERRIDES_PATH)
      return body.ok ? ok(body.value as BudgetOverrides) : body
    },
    setup: async () => {
      const body = await json('/api/setup')
      return body.ok ? ok(body.value as Setup) : body
    },
    delivery: async () => {
      const body = await json('/api/delivery')
      return body.ok ? ok(body.value as Delivery) : body
    },
    liveRecent: async (limit) => {
      const body = await json(`/api/live/recent?limit=${limit}`)
      return body.ok ? ok(body.value as LiveRecent) : body
    },
    live: async (after) => {
      const response = await sendAuthorized(`/api/live?after=${after}`, {})
      if (!response.ok) return response
      if (response.value.status !== 200 || response.value.body === null) {
        return err(`answers HTTP ${response.value.status} to its live feed`)
      }
      return ok(messages(response.value.body))
    },
  }
}

function portionsOf(selection: readonly number[] | 'all'): readonly DeadSelection['ids'][] {
  if (selection === 'all') return ['all']
  const count = Math.ceil(selection.length / MAX_IDS)
  return Array.from({ length: count }, (_, n) => selection.slice(n * MAX_IDS, (n + 1) * MAX_IDS))
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<LiveMessage, void> {
  // The decoder's types are those of a DOM that this program does not have.
  const decoder = new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>
  const events = body.pipeThrough(decoder).pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of events) {
    if (event === 'gap') yield { kind: 'gap' }
    else if (event === 'record') yield { kind: 'event', event: JSON.parse(data) as LiveEvent }
  }
}

async function bodyOf(response: Response, refusal: string): Promise<Result<unknown, string>> {
  const text = await textOf(response)
  if (!text.ok) return text
  if (response.status === 401) return err(refusal)
  if (response.status !== 200) {
    const told = problemIn(text.value)
    if (told !== undefined) return err(`refuses (HTTP ${response.status}): ${told}`)
    return err(`answers HTTP ${response.status}: ${text.value.slice(0, 300)}`)
  }
  try {
    return ok(JSON.parse(text.value))
  } catch {
    return err('answers with something that is not JSON; is it another program?')
  }
}

/**
 * Why the bridge did not do what was asked, where that lies in what was asked and not in who asks or in
 * the bridge; `undefined` for any other error of a client.
 */
export function refusedReason(error: string): string | undefined {
  return /^refuses \(HTTP (?:400|404|409)\): (.*)$/s.exec(error)?.[1]
}

/** The message of a `Problem`; `undefined` for another program's answer. */
function problemIn(text: string): string | undefined {
  try {
    const told = problem.safeParse(JSON.parse(text))
    return told.success ? told.data.error.message.slice(0, 300) : undefined
  } catch {
    return undefined
  }
}

async function textOf(response: Response): Promise<Result<string, string>> {
  try {
    return ok(await response.text())
  } catch (error) {
    return err(`broke off its answer (${describeFetchError(error)})`)
  }
}
