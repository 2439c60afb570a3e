/** What `start` says on a terminal once the bridge listens: where to look, and how to stop. Pure. */
import type { Config } from '../config/config.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { placeName } from '../storage/store-place.ts'
import type { Listening } from './context.ts'
import { styled, type TextLine } from './terminal.ts'

const WIDTH = 'Langfuse'.length

/** `pageAddress` has the access token in its fragment where the page asks for one. */
export function startLines(
  config: Config,
  { url, grpc }: Listening,
  { version, pageAddress }: { readonly version: string; readonly pageAddress: string },
): readonly TextLine[] {
  const { langfuse, exportOtlp, forwardOtlp } = config
  const row = (what: string, where: string, note?: string): TextLine => [
    styled('gray', `${what.padEnd(WIDTH)}  `),
    withoutUrlPasswords(where),
    ...(note === undefined ? [] : [styled('gray', `  ${note}`)]),
  ]
  const hasToken = pageAddress.includes('#')
  const asksForKey = config.receiver.apiKey !== undefined
  return [
    `claude-telemetry ${version} is running.`,
    '',
    row(
      'Page',
      pageAddress,
      hasToken
        ? '(logs you in: do not share it)'
        : asksForKey
          ? '(asks for the API_KEY)'
          : undefined,
    ),
    row('Agents', grpc === undefined ? url : `${url}, gRPC ${grpc}`),
    row('Data', placeName(config)),
    langfuse === undefined
      ? row('Langfuse', 'not set up', '(sessions are kept here)')
      : row('Langfuse', langfuse.baseUrl),
    ...(exportOtlp === undefined ? [] : [row('OTLP', exportOtlp.endpoint)]),
    ...(forwardOtlp === undefined ? [] : [row('Forward', forwardOtlp.endpoint)]),
    '',
    'To set up, step by step: claude-telemetry setup. To see what agents do: claude-telemetry top.',
    'Ctrl-C stops it.',
    '',
  ]
}
