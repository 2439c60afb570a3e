/**
 * The one place where what may be seen is taken from what is stored: a reader for one who sees the
 * sessions of an owner alone. Every report asks through it, so none has to think of it; a question
 * that is added to the port has to be answered here as well.
 */
import { isVisible, type Owner, type Visible } from '../domain/access.ts'
import type { StoredBatch } from '../domain/telemetry-record.ts'
import type { ListedSession, SessionQuestion, StoreReader } from '../storage/store-reader.ts'
import { BUCKET_MS, bucketOf } from '../domain/usage.ts'
import type { SessionFolds } from './session-folds.ts'
import type { UsageSlices } from './usage-slices.ts'

/** The same reader for whoever sees everything. */
export function visibleReader(reader: StoreReader, visible: Visible): StoreReader {
  return visible === 'all' ? reader : ownedReader(reader, visible)
}

/** Told sessions are shared by all who ask; whoever may not see one is told nothing. */
export function visibleFolds(
  folds: SessionFolds,
  reader: Pick<StoreReader, 'lists'>,
  visible: Visible,
): SessionFolds {
  if (visible === 'all') return folds
  return {
    tell: async (key, ...rest) => {
      const owned = await reader.lists.ownedKeys([key], visible)
      return owned.has(key) ? folds.tell(key, ...rest) : undefined
    },
  }
}

/** Sums are remembered by what they are of, the owner among it. */
export function visibleSlices(slices: UsageSlices, visible: Visible): UsageSlices {
  if (visible === 'all') return slices
  return {
    ...slices,
    read: (filter, ...rest) => slices.read({ ...filter, owner: visible }, ...rest),
    pullRequests: () => slices.pullRequests(visible),
    cells: (filter, ...rest) => slices.cells({ ...filter, owner: visible }, ...rest),
  }
}

function ownedReader(reader: StoreReader, owner: Owner): StoreReader {
  const { usage, lists, search, details, facets, records, inputs, waiting, budgets } = reader
  const isOwned = (session: ListedSession): boolean => isVisible(session.owner, owner)

  async function ownedOf(keys: Iterable<string>): Promise<ReadonlySet<string>> {
    const asked = [...keys]
    return asked.length === 0 ? new Set() : lists.ownedKeys(asked, owner)
  }

  async function has(key: string): Promise<boolean> {
    return (await ownedOf([key])).has(key)
  }

  async function hasId(id: number): Promise<boolean> {
    return (await lists.byIds([id])).some(isOwned)
  }

  async function ownedBatches(batches: readonly StoredBatch[]): Promise<readonly StoredBatch[]> {
    const owned = await ownedOf(new Set(batches.map(({ sessionKey }) => sessionKey)))
    // An empty batch keeps its position, so that whoever reads on goes on behind it.
    return batches.map((batch) => (owned.has(batch.sessionKey) ? batch : { ...batch, records: [] }))
  }

  const outermost: Omit<SessionQuestion, 'order' | 'direction'> = {
    filter: { owner, attributes: [] },
    fromMs: undefined,
    toMs: undefined,
    state: 'any',
  }

  return {
    usage: {
      reader: (filter) => usage.reader({ ...filter, owner }),
      bounds: async (untilMs) => {
        const asked = { ...outermost, toMs: untilMs }
        const [first] = await lists.page(
          { ...asked, order: 'first', direction: 'asc' },
          undefined,
          1,
        )
        const [last] = await lists.page(
          { ...asked, order: 'last', direction: 'desc' },
          undefined,
          1,
        )
        if (first === undefined || last === undefined) return undefined
        const toMs = bucketOf(Math.min(last.lastMs, untilMs)) + BUCKET_MS
        return { fromMs: bucketOf(first.firstMs), toMs }
      },
      // When something was used tells nothing of what: the sums of that time are the owner's.
      nextBucket: (fromMs) => usage.nextBucket(fromMs),
      buckets: (filter, span) => usage.buckets({ ...filter, owner }, span),
      attributes: (ids, keys) => usage.attributes(ids, keys, owner),
      work: (ids) => usage.work(ids, owner),
      results: (ids) => usage.results(ids, owner),
      pullRequests: () => usage.pullRequests(owner),
    },
    lists: {
      page: (question, after, limit) =>
        lists.page({ ...question, filter: { ...question.filter, owner } }, after, limit),
      count: (question) => lists.count({ ...question, filter: { ...question.filter, owner } }),
      byIds: async (ids) => (await lists.byIds(ids)).filter(isOwned),
      ownedKeys: async (keys, of) => {
        const owned = [...(await ownedOf(keys))]
        return owned.length === 0 ? new Set() : lists.ownedKeys(owned, of)
      },
      names: async (keys) => {
        const owned = [...(await ownedOf(keys))]
        return owned.length === 0 ? new Map() : lists.names(owned)
      },
      writtenBefore: async (beforeMs) => [...(await ownedOf(await lists.writtenBefore(beforeMs)))],
    },
    search: { ...search, find: (term) => search.find(term, owner) },
    details: {
      find: async (key) => {
        const session = await details.find(key)
        return session !== undefined && isOwned(session) ? session : undefined
      },
      state: async (id) => ((await hasId(id)) ? details.state(id) : undefined),
      attributes: async (id) => ((await hasId(id)) ? details.attributes(id) : {}),
      hasAny: async () => {
        const question = { ...outermost, order: 'last', direction: 'desc' } as const
        return (await lists.page(question, undefined, 1)).length > 0
      },
    },
    facets: {
      endId: () => facets.endId(),
      sessions: (filter, range) => facets.sessions({ ...filter, owner }, range),
      attributeKeys: (limit) => facets.attributeKeys(limit, owner),
      models: (limit) => facets.models(limit, owner),
    },
    records: {
      batches: async (key, afterId, limit) =>
        (await has(key)) ? records.batches(key, afterId, limit) : [],
      after: async (afterId, limit) => ownedBatches(await records.after(afterId, limit)),
      before: async (beforeId, signals, limit) => {
        const found = await records.before(beforeId, signals, limit)
        return { ...found, batches: await ownedBatches(found.batches) }
      },
      at: async (key, id) => ((await has(key)) ? records.at(key, id) : undefined),
      countOf: async (key) => ((await has(key)) ? records.countOf(key) : undefined),
      firstOf: async (key) => ((await has(key)) ? records.firstOf(key) : undefined),
      signalsOf: async (key) => ((await has(key)) ? records.signalsOf(key) : new Map()),
      newest: () => records.newest(),
    },
    inputs: {
      slice: async (key, position, maxBatches) =>
        (await has(key))
          ? inputs.slice(key, position, maxBatches)
          : { inputs: [], position, isLast: true },
    },
    waiting: {
      keys: async () => ownedOf(await waiting.keys()),
      counts: () => ofAll('how much waits'),
    },
    deadItems: { list: () => ofAll('dead items'), reasons: () => ofAll('dead items') },
    planWindows: { since: (question) => reader.planWindows.since({ ...question, owner }) },
    budgets: {
      spending: (span) => budgets.spending(span, owner),
      defined: () => budgets.defined(),
      sessions: (question) => budgets.sessions({ ...question, owner }),
    },
    fleet: {
      reporters: () => ofAll('who reports'),
      tails: () => ofAll('who reports'),
    },
    eventGaps: { since: () => ofAll('what does not arrive') },
    close: () => reader.close(),
  }
}

/** What is told of all together has no part for one. Whoever asks needs a scope for all. */
async function ofAll(what: string): Promise<never> {
  throw new Error(`${what} is asked for those alone who see everything`)
}
