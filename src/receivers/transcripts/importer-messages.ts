/** What the thread that reads transcripts and its owner say to each other. */
import type { TranscriptRecord } from '../../domain/telemetry-record.ts'
import type { OlderLine, SessionRank, TranscriptPosition } from '../../domain/transcript-files.ts'
import type { ContentKind } from '../../processors/redact/content.ts'
import type { MaskSettings } from '../../processors/redact/record-masker.ts'
import type { ImportCounts, ImportProgress, ImportRequest } from './importer.ts'

/** What a thread is started with. */
export interface ReadingSettings {
  readonly mode: MaskSettings['mode']
  readonly attributes: ReadonlySet<string>
  readonly content: ReadonlySet<ContentKind>
  /** Patterns of V8's linear engine cannot be handed over, their source can. */
  readonly userRules: readonly { readonly name: string; readonly source: string }[]
  /** Records that are stored at once. */
  readonly batchRecords: number
}

export type ToThread =
  | { readonly kind: 'run'; readonly run: number; readonly request: ImportRequest }
  /** Ends with what is at hand. */
  | { readonly kind: 'abort'; readonly run: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  /** Ends the thread; what it asked for gets no answer any more. */
  | { readonly kind: 'close' }

/** Each with an id is answered. */
export type FromThread =
  | {
      readonly kind: 'accept'
      readonly id: number
      readonly records: readonly TranscriptRecord[]
      /** The fingerprint of the masker that they have passed. */
      readonly maskedBy: string
    }
  | { readonly kind: 'get'; readonly id: number; readonly path: string }
  | { readonly kind: 'put'; readonly id: number; readonly positions: readonly TranscriptPosition[] }
  | {
      readonly kind: 'ranks'
      readonly id: number
      readonly sessions: readonly Omit<SessionRank, 'rank'>[]
    }
  | { readonly kind: 'rank'; readonly id: number; readonly sessions: readonly SessionRank[] }
  | {
      readonly kind: 'toldBy'
      readonly id: number
      readonly session: Omit<SessionRank, 'rank'>
      readonly lines: readonly OlderLine[]
    }
  | { readonly kind: 'progress'; readonly run: number; readonly progress: ImportProgress }
  | { readonly kind: 'done'; readonly run: number; readonly counts: ImportCounts }
  | { readonly kind: 'ended'; readonly run: number; readonly error: string }
