/**
 * What an exporter has to do: turn items into requests, send one, and say what the answer means.
 * Everything else is written once, around it: the durable queue, retries and backoff, the isolation
 * of an item that is refused, dead items and statistics (`delivery.ts`).
 *
 * An exporter keeps nothing and retries nothing. What it is told to send again (its answer was lost,
 * the process was killed) must have the ids it had before, so that the server can recognise it.
 */
import type { Config } from '../config/config.ts'
import type { VariableName } from '../config/schema.ts'
import type { ItemKind, OutgoingItem } from '../domain/outbox.ts'

export interface Exporter {
  /** In the outbox, `/health` and commands: a lower-case word. Never changed: databases have it. */
  readonly name: string
  /** As people read it. */
  readonly label: string
  /** Where it sends to, without anything secret. */
  readonly address: string
  /**
   * Whom a Retry-After is for: the address and the account there. Kept as a hash, so it may hold
   * what is secret.
   */
  readonly account: string
  /**
   * Each has a queue and a loop of its own, so that many items of one kind hold back none of
   * another. The first is the principal one: while it fails, or was told to wait, the others wait,
   * too.
   */
  readonly lanes: readonly Lane[]
  /** Sends nothing: says whether items would be taken, on the path that the principal lane takes. */
  probe(stop: AbortSignal): Promise<Exclude<Verdict, Rejected | Partial>>
}

/** How the items of one kind are sent. */
export interface Lane {
  readonly kind: ItemKind
  /** Of one request. A larger single item goes alone. */
  readonly maxItems: number
  readonly maxBytes: number
  /** Requests at the same time, at most; fewer are sent while the server throttles or fails. */
  readonly maxConcurrent: number
  /** One item as part of a request. Throws when it cannot be: it is put aside with that reason. */
  encode(item: OutgoingItem): EncodedItem
  /** Sends one request. Never rejects; `stop` is aborted when delivery stops. */
  send(batch: readonly EncodedItem[], stop: AbortSignal): Promise<Verdict>
}

export interface EncodedItem {
  readonly body: string | Uint8Array<ArrayBuffer>
  /** Of the body. */
  readonly bytes: number
}

/** What an answer means for the items of its request. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | Partial
  | Rejected
  | Failure
  /** No answer came because delivery was stopped: it says nothing. */
  | { readonly kind: 'stopped' }

/**
 * Accepted but for so many items, which the server does not name: none is sent again, because that
 * would double the others.
 */
export interface Partial {
  readonly kind: 'partial'
  readonly rejected: number
  readonly reason: string
}

/**
 * Will never be accepted as it is. Where `items` names those at fault, by their place in the batch,
 * the others were accepted; otherwise none was, and the batch is halved until the item at fault is
 * alone.
 */
export interface Rejected {
  readonly kind: 'rejected'
  readonly reason: string
  readonly items?: readonly number[]
  /** It may be the server's fault after all: believed only when the server takes a probe. */
  readonly isDoubtful?: boolean
}

/**
 * Why a try failed that is worth repeating: `throttled`, the server asks for patience; `failing`, it
 * is there but could not do it, or its answer was lost; `absent`, nothing answered, or something
 * that is another program.
 */
export type RetryCause = 'throttled' | 'failing' | 'absent'

/** The data stays as it is, and is sent again later. */
export type Failure =
  | {
      readonly kind: 'retry'
      readonly cause: RetryCause
      readonly reason: string
      /** What the server asked for; delivery may wait longer. */
      readonly retryAfterMs?: number | undefined
    }
  | { readonly kind: 'unauthorized'; readonly reason: string }

export function isFailure(verdict: Verdict): verdict is Failure {
  return verdict.kind === 'retry' || verdict.kind === 'unauthorized'
}

/** What an exporter is made of, besides its settings. */
export interface ExporterContext {
  readonly productVersion: string
  /** Epoch ms. */
  readonly now: () => number
}

export interface ExporterDefinition {
  readonly name: string
  /** As people read it. */
  readonly label: string
  /** The settings that say where it sends to. */
  readonly addressSettings: readonly VariableName[]
  /** What it sends, the principal lane's kind first. */
  readonly kinds: readonly ItemKind[]
  /** Items wait for it, within the bounds of the outbox, even before it is configured. */
  readonly isAwaited: boolean
  /** `undefined` while it is not configured. */
  create(config: Config, context: ExporterContext): Exporter | undefined
}
