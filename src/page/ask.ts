/**
 * Asks the API by the contract's table, and checks that the answer keeps to it. The only place of
 * the page that fetches.
 */
import type { z } from 'zod'
import { problem } from '../api/contract/access.ts'
import type { Endpoint } from '../api/contract/api.ts'
import { currentKey } from './key.ts'

/** What an endpoint is asked with. */
export interface Given<Q extends z.ZodObject, B extends z.ZodType> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Partial<z.output<Q>>
  readonly body?: z.input<B>
  /** Nobody waits for the answer any more: the bridge stops working on it. */
  readonly signal?: AbortSignal
}

/** A request that was refused (`status` from 400) or never answered (0). */
export class AskError extends Error {
  override name = 'AskError'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** Resolves to the answer; rejects with an `AskError` that a person can read. */
export async function ask<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<Q, B, A>,
  { params = {}, query = {}, body, signal }: Given<Q, B> = {},
): Promise<z.output<A>> {
  const path = pathOf(endpoint.path, params)
  const search = searchOf(query)
  const isPost = endpoint.method === 'POST'
  const response = await send(search === '' ? path : `${path}?${search}`, {
    method: endpoint.method,
    ...(signal !== undefined && { signal }),
    ...(isPost && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    }),
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new AskError(reasonOf(answer, response), response.status)
  const parsed = endpoint.answer.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new AskError(`${path} answered in a format that this page does not know; reload it.`, 0)
}

/** A file, and what the bridge calls it; rejects as `ask` does. */
export async function askForFile(
  template: string,
  { params = {}, query = {} }: Pick<Given<z.ZodObject, z.ZodType>, 'params' | 'query'>,
): Promise<{ readonly blob: Blob; readonly name: string }> {
  const response = await send(`${pathOf(template, params)}?${searchOf(query)}`, {})
  if (!response.ok) {
    const answer: unknown = await response.json().catch(() => undefined)
    throw new AskError(reasonOf(answer, response), response.status)
  }
  const [, name = 'session'] =
    /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? []
  const blob = await response.blob().catch(() => {
    throw new AskError('The file broke off. The log of the bridge says why.', 0)
  })
  return { blob, name }
}

/** `/api/sessions/:key` with its parameters. */
function pathOf(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
}

/** A stream of Server-Sent Events, until `signal` ends it; rejects as `ask` does. */
export async function askForStream(
  path: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await send(path, { headers: { accept: 'text/event-stream' }, signal })
  if (response.ok && response.body !== null) return response.body
  const answer: unknown = await response.json().catch(() => undefined)
  throw new AskError(reasonOf(answer, response), response.status)
}

/** Asks with the key, if there is one. */
async function send(path: string, init: RequestInit): Promise<Response> {
  const key = currentKey()
  const headers = new Headers(init.headers)
  if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
  try {
    return await fetch(path, { ...init, headers })
  } catch {
    throw new AskError('The bridge does not answer. Is it still running?', 0)
  }
}

/** What another try may mend: nothing was answered, or the bridge had a problem. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof AskError && (error.status === 0 || error.status >= 500)
}

export function isLoginNeeded(error: unknown): boolean {
  return error instanceof AskError && error.status === 401
}

/** A query as text; what is undefined or empty is left out, lists are repeated. */
export function searchOf(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') search.append(name, String(one))
    }
  }
  return search.toString()
}

function reasonOf(answer: unknown, { status, statusText }: Response): string {
  const parsed = problem.safeParse(answer)
  return parsed.success ? parsed.data.error.message : `The bridge answered ${status} ${statusText}.`
}
