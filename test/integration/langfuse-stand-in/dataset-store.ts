/** Datasets by name, and their items by id, which is one for the whole project. */
import { randomUUID } from 'node:crypto'
import { isObject, type JsonObject } from './stored-span.ts'

export interface StoredItem extends JsonObject {
  readonly id: string
  readonly datasetName: string
}

export interface DatasetStore {
  /** Makes a dataset, or another description of it; `error` says why it did not. */
  create(body: unknown): { readonly dataset: JsonObject } | { readonly error: string }
  get(name: string): JsonObject | undefined
  /** Makes an item, or replaces the one of its id. */
  put(body: unknown): { readonly item: StoredItem } | { readonly error: string }
  item(id: string): StoredItem | undefined
  items(): readonly StoredItem[]
}

export function createDatasetStore(): DatasetStore {
  const datasets = new Map<string, JsonObject>()
  const items = new Map<string, StoredItem>()
  const created = { createdAt: '2026-11-20T00:00:00Z', updatedAt: '2026-11-20T00:00:00Z' }
  return {
    create: (body) => {
      if (!isObject(body) || typeof body.name !== 'string' || body.name === '') {
        return { error: 'name is required' }
      }
      const { name, description = null } = body
      const id = datasets.get(name)?.id ?? randomUUID()
      const dataset = { id, name, description, projectId: 'stand-in', ...created }
      datasets.set(name, dataset)
      return { dataset }
    },
    get: (name) => datasets.get(name),
    put: (body) => {
      if (!isObject(body)) return { error: 'body is no object' }
      const { datasetName, id = randomUUID(), ...rest } = body
      const dataset = typeof datasetName === 'string' ? datasets.get(datasetName) : undefined
      if (typeof datasetName !== 'string' || dataset === undefined) {
        return { error: 'Dataset not found' }
      }
      if (typeof id !== 'string' || id.length > 255) return { error: 'id is too long' }
      const before = items.get(id)
      if (before !== undefined && before.datasetName !== datasetName) {
        return { error: `Dataset item with id ${id} already exists in another dataset` }
      }
      const item = { status: 'ACTIVE', ...rest, id, datasetName, ...created }
      items.set(id, item)
      return { item }
    },
    item: (id) => items.get(id),
    items: () => [...items.values()],
  }
}
