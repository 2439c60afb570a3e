/** Where a replay goes: the project that the options name, else the configured one. Pure. */
import { InvalidArgumentError } from 'commander'
import type { Config, LangfuseConfig } from '../config/config.ts'
import { webAddress } from '../config/syntax.ts'
import { ok, type Result } from '../domain/result.ts'
import { failed, type Failure } from './outcome.ts'

export interface TargetOptions {
  readonly publicKey?: string
  readonly secretKey?: string
  readonly host?: string
}

/** Used where no keys of Langfuse are configured at all. */
const DEFAULT_TIMEOUT_MS = 15_000

export function replayTarget(
  { langfuse }: Pick<Config, 'langfuse'>,
  { publicKey, secretKey, host }: TargetOptions,
): Result<LangfuseConfig, Failure> {
  if ((publicKey === undefined) !== (secretKey === undefined)) {
    return failed('--public-key and --secret-key belong together', 'Give both, or neither.')
  }
  const keys =
    publicKey !== undefined && secretKey !== undefined ? { publicKey, secretKey } : langfuse
  const baseUrl = host ?? langfuse?.baseUrl
  if (keys === undefined || baseUrl === undefined) {
    return failed(
      'there are no keys of Langfuse to replay with, or no address',
      'Set LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST, or give --public-key, --secret-key and --host.',
    )
  }
  const timeoutMs = langfuse?.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return ok({ publicKey: keys.publicKey, secretKey: keys.secretKey, baseUrl, timeoutMs })
}

/** Commander's parser of an address. */
export function addressOf(text: string): string {
  const address = webAddress.schema.safeParse(text)
  if (address.success) return address.data
  throw new InvalidArgumentError(`Expected ${webAddress.expected}.`)
}
