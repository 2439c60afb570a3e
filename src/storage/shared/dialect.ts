/** What an engine says in its own way inside of queries that are otherwise the same. */
import type { Expression, Kysely, RawBuilder } from 'kysely'
import type { SharedSchema } from './schema.ts'

export interface Dialect {
  /** A text as it is stored, and as it is stored where it stands in an index. */
  readonly text: (text: string) => string
  readonly key: (text: string) => string
  /** One of these numbers, or texts as they are stored; there may be none of them. */
  readonly among: (column: string, numbers: readonly number[]) => RawBuilder<boolean>
  /** The same of sessions, where they may be most of all. */
  readonly amongSessions: (ids: readonly number[]) => RawBuilder<boolean>
  readonly amongTexts: (column: string, texts: readonly string[]) => RawBuilder<boolean>
  /** Whether an attribute of a session has this value. */
  readonly isValue: (value: string) => RawBuilder<boolean>
  /** Whether something has happened in a session. */
  readonly isEventful: RawBuilder<boolean>
  readonly hasPullRequest: RawBuilder<boolean>
  /** US dollars of a session; null where nothing is known. */
  readonly usd: (of: Money) => RawBuilder<number | null>
  /** Their sum over sessions; null or 0 where nothing is known. */
  readonly usdSum: (of: Money) => RawBuilder<number | null>
  /** Tokens of a session; null where nothing is known. */
  readonly tokens: (column: TokenColumn) => RawBuilder<number | null>
  /** A number that can be compared with any other, whole or not. */
  readonly real: (value: Expression<number>) => RawBuilder<number>
  /** As much of a name as a place holds, with letters of ASCII in one case. */
  readonly placeOf: (name: RawBuilder<unknown>) => RawBuilder<string>
}

/** Columns of money are called so, and by their unit. */
export type Money = 'cost' | 'estimated' | 'metrics'

export type TokenColumn =
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_read_tokens'
  | 'cache_creation_tokens'

/** The tables as every engine has them. */
export interface SharedTables {
  readonly kysely: Kysely<SharedSchema>
  readonly dialect: Dialect
}
