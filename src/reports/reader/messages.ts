/** What the bridge and its reader's thread say to each other. Plain data: it is copied between them. */
import type { Visible } from '../../domain/access.ts'
import type { KnownBudget } from '../../domain/managed-budget.ts'
import type { OwnPrice } from '../../prices/own-prices.ts'
import type { MaskSettings } from '../../processors/redact/record-masker.ts'
import type { SessionPolicy } from '../../sessions/policy.ts'
import type { StorePlace } from '../../storage/store-place.ts'
import type { WebFailure } from '../../api/failure.ts'
import type { LiveChunk, LiveQuestion, Question } from '../../api/queries.ts'

/** What the thread is started with. */
export interface ReaderSettings extends StorePlace {
  readonly policy: Omit<SessionPolicy, 'priceOf'>
  /** Of the operator; the price list itself is loaded by the thread. */
  readonly ownPrices: readonly OwnPrice[]
  /** Those of the settings and the file; what commands defined is in the store. */
  readonly budgets: { readonly fixed: readonly KnownBudget[]; readonly timeZone: string }
  /** What is masked in exported sessions. Patterns cannot be handed over, their source can. */
  readonly masking: {
    readonly mode: MaskSettings['mode']
    readonly userRules: readonly { readonly name: string; readonly source: string }[]
  }
  /** How the ticket of a branch is found in its name. */
  readonly ticketPattern: string
  /** Address of Langfuse, for links; undefined without keys. */
  readonly langfuseUrl: string | undefined
}

/** The same with what the bridge makes for it. */
export interface ThreadData extends ReaderSettings {
  /** See `intake-mark.ts`. */
  readonly intakeMemory: SharedArrayBuffer
}

/** What was committed since the last request and touches what the thread remembers. */
export interface Changes {
  /** Quarters of an hour that something was added to. */
  readonly bucketsMs: readonly number[]
  /** All that counts for somebody or something else now lies in this span; undefined when nothing does. */
  readonly regrouped: { readonly fromMs: number; readonly toMs: number } | undefined
  /** Something was deleted. */
  readonly isCleared: boolean
}

/** Something to be answered, from what is visible to the one who asks. */
export type Request = { readonly visible: Visible } & (
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'live'; readonly asked: LiveQuestion }
)

export type Reply =
  | { readonly kind: 'json'; readonly bytes: Uint8Array }
  | { readonly kind: 'live'; readonly chunk: LiveChunk }
  | { readonly kind: 'failure'; readonly failure: WebFailure }
  /** A bug, in words for the log. */
  | { readonly kind: 'bug'; readonly message: string }

export type ToThread =
  | {
      readonly kind: 'request'
      readonly id: number
      readonly request: Request
      /** The bridge's time. */
      readonly nowMs: number
      readonly changes: Changes
      /** How long it may take. */
      readonly timeoutMs: number
    }
  /** Nobody waits for it any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** The project in Langfuse; undefined when it did not say. */
  | { readonly kind: 'project'; readonly projectId: string | undefined }
  | { readonly kind: 'close' }

export type FromThread =
  /** For the log. */
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: Reply }
  /** Asks for the project in Langfuse: only the bridge's own thread reaches out. */
  | { readonly kind: 'project' }
