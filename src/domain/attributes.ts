/**
 * Attribute values as every layer after the decoders sees them: plain JSON values.
 * Knows nothing of the encoding they came in.
 */

/** An OTLP AnyValue, decoded. 64-bit integers beyond 2^53 arrive as decimal strings. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Decoded attributes by key. Objects have no prototype, so `__proto__` is an ordinary key. */
export type Attributes = Readonly<Record<string, AttributeValue>>
