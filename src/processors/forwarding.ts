/**
 * What is passed on of a request to another collector: all of it that can be read, whatever the
 * bridge makes of it itself, in the encoding in which it came, and without what is redacted. An item
 * that comes again is passed on once.
 */
import { hash } from 'node:crypto'
import { type Owner, ownerTag } from '../domain/access.ts'
import { routeByRule, type Routes } from '../domain/routing.ts'
import type { ForwardedRequest, ForwardStore, ItemToForward } from '../domain/forwarded-request.ts'
import type { JsonMessage } from '../otlp/message-codec.ts'
import type { RequestSignal } from '../otlp/message-types.ts'
import {
  type RequestEncoding,
  type RequestItem,
  requestItems,
  requestOf,
} from '../otlp/request-items.ts'
import { createLongTextCollector, type LongTextMasker, maskAll } from './redact/long-texts.ts'
import type { MaskedBefore, RecordMasker } from './redact/record-masker.ts'
import { createRequestMasker, maskedTextOf, type RequestMasker } from './redact/request-masker.ts'

export interface Forwarding {
  /**
   * Keeps what a request holds, which was found to be sound. Resolves once that is durable; rejects
   * when it could not all be stored, and what was is known when the request comes again. Resolves to
   * false when there was no memory for the rest; what was kept is known then, too.
   */
  keep(
    bytes: Buffer,
    signal: RequestSignal,
    encoding: RequestEncoding,
    work: ForwardingWork,
    sender?: ForwardedFor,
  ): Promise<boolean>
}

/** Whoever sent a request, by the key that it came under. */
export interface ForwardedFor {
  readonly owner?: Owner | undefined
  readonly keyName?: string | undefined
}

/** How a request shares with others while it is forwarded. */
export interface ForwardingWork {
  /** Called between parts. */
  readonly pause: () => Promise<void>
  /**
   * Asks for room on the heap, in bytes, of all that this request takes at the moment; false when
   * there is none. Called with more and more.
   */
  readonly hold: (heapBytes: number) => boolean
}

export interface ForwardingDeps {
  readonly store: ForwardStore
  /** Absent where records are forwarded as they came. */
  readonly masker?: RecordMasker | undefined
  /** Where long texts are masked; absent where all are masked in this thread. */
  readonly longTexts?: LongTextMasker | undefined
  /** Absent where everything is forwarded to every exporter that forwards. */
  readonly routes?: Routes | undefined
  /** Told after something was kept. */
  readonly onKept: () => void
}

/** Of one request on its way out, about; a larger single item goes alone. */
const MAX_PART_CHARS = 1_000_000
const MAX_PART_ITEMS = 1000
const DIGEST_BYTES = 16
/**
 * For a character of an item: the item as it was read, its text, what is masked of it, and the row
 * that it becomes; and what all that takes beside the text.
 */
const HEAP_PER_CHAR = 4
const HEAP_PER_ITEM = 512
/** A digest is known until the request is done. */
const HEAP_PER_DIGEST = 100

export function createForwarding(deps: ForwardingDeps): Forwarding {
  const { store, onKept } = deps
  const mask = maskingOf(deps)

  async function keepPart(
    part: Part,
    signal: RequestSignal,
    encoding: RequestEncoding,
    sender: ForwardedFor,
  ): Promise<void> {
    const masked = mask === undefined ? part : await mask(part, signal)
    for (const [destination, items] of byDestination(masked, sender)) {
      const isFresh = await store.keep(
        items,
        (fresh): ForwardedRequest => {
          const request = requestOf(fresh, signal)
          const { length } = fresh
          return {
            kind: 'records',
            sessionKey: '',
            key: '',
            signal,
            encoding,
            items: length,
            request,
          }
        },
        destination,
      )
      if (isFresh) onKept()
    }
  }

  /** By whom it is for; each has digests of its own, so that what one got is not kept from another. */
  function byDestination(
    part: Part,
    sender: ForwardedFor,
  ): ReadonlyMap<string | undefined, ItemToForward<RequestItem>[]> {
    const owner = sender.owner === undefined ? '' : `${ownerTag(sender.owner)} `
    if (deps.routes === undefined) {
      const own = part.map(({ digest, item }) => ({ digest: `${owner}${digest}`, item }))
      return new Map([[undefined, own]])
    }
    const found = new Map<string | undefined, ItemToForward<RequestItem>[]>()
    for (const { digest, item } of part) {
      for (const destination of destinationsOf(deps.routes, item.group, sender)) {
        const items = found.get(destination) ?? []
        items.push({ digest: `${destination} ${owner}${digest}`, item })
        found.set(destination, items)
      }
    }
    return found
  }

  return {
    keep: async (bytes, signal, encoding, { pause, hold }, sender = {}) => {
      const digestOf = createDigests(signal)
      let part: ItemToForward<RequestItem>[] = []
      let chars = 0
      let partBytes = 0
      let digestBytes = 0
      for (const item of requestItems(bytes, signal, encoding)) {
        if (item === undefined) {
          await pause()
          continue
        }
        const { digest, itemChars } = digestOf(item)
        if (part.length > 0 && chars + itemChars > MAX_PART_CHARS) {
          await keepPart(part, signal, encoding, sender)
          part = []
          chars = 0
          partBytes = 0
          await pause()
        }
        partBytes += itemChars * HEAP_PER_CHAR + HEAP_PER_ITEM
        digestBytes += HEAP_PER_DIGEST
        if (!hold(partBytes + digestBytes)) return false
        part.push({ digest, item })
        chars = part.length >= MAX_PART_ITEMS ? MAX_PART_CHARS : chars + itemChars
      }
      if (part.length > 0) await keepPart(part, signal, encoding, sender)
      return true
    },
  }
}

/** The exporters that a resource's items go to; of those, whoever forwards takes them. */
function destinationsOf(
  routes: Routes,
  group: JsonMessage,
  { owner, keyName }: ForwardedFor,
): readonly string[] {
  const labels = resourceLabels(group)
  const facts = { team: owner?.team ?? labels.team, user: owner?.user, keyName, labels }
  return (routeByRule(routes, facts) ?? routes.fallback).filter((name) =>
    /^forward(?::|$)/.test(name),
  )
}

/** The attributes of a resource that are text. */
function resourceLabels(group: JsonMessage): Readonly<Record<string, string>> {
  const { attributes } = (group.resource ?? {}) as { readonly attributes?: unknown }
  if (!Array.isArray(attributes)) return {}
  const labels: Record<string, string> = {}
  for (const attribute of attributes as readonly unknown[]) {
    const { key, value } = (attribute ?? {}) as { readonly key?: unknown; readonly value?: unknown }
    const text = ((value ?? {}) as { readonly stringValue?: unknown }).stringValue
    if (typeof key === 'string' && typeof text === 'string') {
      Object.defineProperty(labels, key, { value: text, enumerable: true, configurable: true })
    }
  }
  return labels
}

type Part = readonly ItemToForward<RequestItem>[]
type Masking = (part: Part, signal: RequestSignal) => Promise<Part>

/** Masks a part before the store has its turn, which nothing long may hold up. */
function maskingOf({ masker, longTexts }: ForwardingDeps): Masking | undefined {
  if (masker === undefined || masker.isOff) return undefined
  const maskers: Readonly<Record<RequestSignal, RequestMasker>> = {
    logs: createRequestMasker(masker, true),
    traces: createRequestMasker(masker, true),
    metrics: createRequestMasker(masker, false),
  }
  return async (part, signal) => {
    const texts = longTexts && longTextsOf(part)
    const before = texts && texts.size > 0 ? await maskAll(texts, longTexts) : noTexts
    return masker.withMasked(before, () =>
      part.map(({ digest, item }) => ({ digest, item: maskedItem(item, maskers[signal]) })),
    )
  }
}

const noTexts: MaskedBefore = new Map()

function longTextsOf(part: Part): ReadonlySet<string> {
  const collector = createLongTextCollector(maskedTextOf)
  let last: RequestItem | undefined
  for (const { item } of part) {
    if (item.group !== last?.group) collector.add(item.group)
    if (item.scope !== last?.scope) collector.add(item.scope)
    collector.add(item.item)
    last = item
  }
  return collector.texts()
}

function maskedItem(of: RequestItem, masker: RequestMasker): RequestItem {
  return {
    group: masker.maskHeader(of.group),
    scope: masker.maskHeader(of.scope),
    item: masker.maskItem(of.item),
  }
}

/**
 * Identifies an item by its content, with its resource and scope, and by how many equal items came
 * before it in the request. Equal items of one request all count, and an item that comes again, in the
 * same request or with others, is recognized.
 */
function createDigests(signal: RequestSignal) {
  const texts = new WeakMap<JsonMessage, string>()
  const counts = new Map<string, number>()

  function digestOfText(text: string): string {
    return hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES).toString('base64url')
  }

  function headerDigest(header: JsonMessage): string {
    const known = texts.get(header) ?? digestOfText(JSON.stringify(header))
    texts.set(header, known)
    return known
  }

  return (of: RequestItem): { readonly digest: string; readonly itemChars: number } => {
    const text = JSON.stringify(of.item)
    const content = digestOfText(
      `${signal} ${headerDigest(of.group)} ${headerDigest(of.scope)} ${text}`,
    )
    const before = counts.get(content) ?? 0
    counts.set(content, before + 1)
    const digest = before === 0 ? content : digestOfText(`${content} ${before}`)
    return { digest, itemChars: text.length }
  }
}
