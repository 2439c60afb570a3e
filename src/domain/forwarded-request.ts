/** What came in over OTLP, on its way to another collector, as it came. */
import type { SessionKey } from './identity.ts'

/** Items of one request, as a request. */
export interface ForwardedRequest {
  readonly kind: 'records'
  /** They belong to no session here: they are passed on whatever becomes of them. */
  readonly sessionKey: SessionKey
  /** They replace nothing. */
  readonly key: ''
  readonly signal: 'logs' | 'metrics' | 'traces'
  /** In which they came, and go. */
  readonly encoding: 'json' | 'protobuf'
  /** Log records, metrics or spans in it. */
  readonly items: number
  /** In OTLP/JSON. */
  readonly request: Readonly<Record<string, unknown>>
}

/** An item on its way into the store. */
export interface ItemToForward<Item> {
  /** By which it is known when it comes again. */
  readonly digest: string
  readonly item: Item
}

export interface ForwardStore {
  /**
   * Keeps the items that are not known yet, as the request that `requestOf` makes of them, for one
   * exporter or for all that read such requests. Resolves once that is on the disk, to whether there
   * was any.
   */
  keep<Item>(
    items: readonly ItemToForward<Item>[],
    requestOf: (fresh: readonly Item[]) => ForwardedRequest,
    destination?: string,
  ): Promise<boolean>
}
