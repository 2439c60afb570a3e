/**
 * Datasets of Langfuse: makes one where it is missing, and adds items. One try a call; every failure is a
 * value, and no text in it holds a key.
 */
import { hash } from 'node:crypto'
import { err, ok, type Result } from '../../domain/result.ts'
import { errorDetail } from '../../http/response-json.ts'
import type { LangfuseAccess } from './connection.ts'
import { createLangfuseRest, type RestRequest } from './rest.ts'

export interface DatasetItem {
  /** Of the project; at most 255 characters. */
  readonly id: string
  readonly input: unknown
  readonly expectedOutput?: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly sourceTraceId: string
}

export interface LangfuseDatasets {
  /** Resolves to whether it was made just now. */
  ensure(name: string, description: string): Promise<Result<boolean, string>>
  /**
   * Adds an item unless one of its id is there, which stays as people have made it. Resolves to whether it
   * was added.
   */
  add(datasetName: string, item: DatasetItem): Promise<Result<boolean, string>>
}

/** An item keeps its id, so that adding it again adds nothing. Langfuse takes an id in one dataset only. */
export function datasetItemId(datasetName: string, sessionKey: string, turnKey: string): string {
  return hash('sha256', JSON.stringify(['dataset item', datasetName, sessionKey, turnKey])).slice(
    0,
    32,
  )
}

/** Throws when `baseUrl` is no URL. */
export function createLangfuseDatasets(access: LangfuseAccess): LangfuseDatasets {
  const langfuse = createLangfuseRest(access)
  const { base } = langfuse

  /** Resolves to false at a 404; every other status that is no success is an error. */
  async function ask<T>(what: string, request: RestRequest<T>): Promise<Result<boolean, string>> {
    const answer = await langfuse.call(request)
    if (!answer.ok) return answer
    const { status, body = '' } = answer.value.received
    if (status === 404) return ok(false)
    if (answer.value.data !== undefined) return ok(true)
    const why = status >= 200 && status < 300 ? 'an answer that cannot be read' : errorDetail(body)
    return err(`${base} answered HTTP ${status} to ${what}: ${why}`)
  }

  /** Makes what was not found. Resolves to whether it did. */
  async function unlessThere<T, U>(
    what: string,
    get: RestRequest<T>,
    create: RestRequest<U>,
  ): Promise<Result<boolean, string>> {
    const found = await ask(`the question for ${what}`, get)
    if (!found.ok) return found
    if (found.value) return ok(false)
    const made = await ask(`the creation of ${what}`, create)
    if (!made.ok) return made
    return made.value ? ok(true) : err(`${base} has no datasets (HTTP 404)`)
  }

  return {
    ensure: (name, description) =>
      unlessThere(
        `dataset ${JSON.stringify(name)}`,
        (api, options) => api.datasets.get(name, options),
        (api, options) => api.datasets.create({ name, description }, options),
      ),
    add: (datasetName, item) =>
      unlessThere(
        `item ${item.id}`,
        (api, options) => api.datasetItems.get(item.id, options),
        (api, options) => api.datasetItems.create({ datasetName, ...item }, options),
      ),
  }
}
