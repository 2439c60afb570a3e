/** Commands in this process on a terminal of their own, and what may reach such a terminal. */
import { PassThrough } from 'node:stream'
import { styleText } from 'node:util'
import { createAsk } from '../../../src/cli/confirmation.ts'
import { runProgram } from '../../../src/cli/program.ts'
import { createTerminal, type Style } from '../../../src/cli/terminal.ts'
import { readSettings } from '../../../src/config/env-file.ts'
import { ok } from '../../../src/domain/result.ts'

export interface JsonValue {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** All that was written, in order. */
  readonly screen: string
}

export interface ScreenOptions {
  /** A pipe, when it is false. */
  readonly isTTY?: boolean
  /** What the person answers when asked. */
  readonly answer?: string
  readonly homeDir?: string
}

export async function runOnScreen(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  { isTTY = true, answer, homeDir = '/nowhere' }: ScreenOptions = {},
): Promise<JsonValue> {
  const written = { stdout: '', stderr: '', screen: '' }
  const terminal = (name: 'stdout' | 'stderr') => {
    const write = (text: string): void => {
      written[name] += text
      written.screen += text
    }
    return createTerminal({ isTTY, columns: 100, write }, variables)
  }
  const stderr = terminal('stderr')
  const input = new PassThrough()
  const output = new PassThrough()
  output.on('data', (chunk: Buffer) => {
    written.screen += chunk.toString()
  })
  if (answer !== undefined) input.write(`${answer}\n`)
  const platform = { os: 'linux', homeDir, workingDir: homeDir } as const
  const code = await runProgram({
    args,
    shellVariables: variables,
    readSettings: (envFiles) => readSettings(envFiles, variables, platform),
    platform,
    productVersion: '1.2.3',
    program: { nodePath: '/bin/node', mainPath: '/opt/main.js' },
    userId: 1000,
    stdout: terminal('stdout'),
    stderr,
    ...(answer !== undefined && { ask: createAsk(input, output) }),
    now: Date.now,
    readSecret: async () => '',
    transcripts: {
      folders: () => [],
      importHere: async () => ({ ok: false, error: 'nothing is imported here' }),
      watchHere: async () => ({ ok: false, error: 'nothing is followed here' }),
    },
    readInput: async () => '',
    streams: { input: new PassThrough(), output: new PassThrough() },
    onStop: () => () => {},
    serve: async () => ok({ url: 'http://127.0.0.1:4318' }),
  })
  return { code, ...written }
}

const STYLES = [
  'red',
  'green',
  'yellow',
  'blue',
  'cyan',
  'magenta',
  'gray',
  'bold',
] as const satisfies readonly Style[]

/** Our colours, and the clearing of a line that shows progress. */
const ours = [
  ...STYLES.flatMap((style) => styleText(style, '|', { validateStream: false }).split('|')),
  '\r\u001b[2K',
]

/** What acts on a terminal, or on the eye: all of it but line feeds and joined emoji. */
const ACTING =
  /(?!\n)[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/u

/** What is on the screen that is neither text nor ours; undefined when there is nothing. */
export function actingOn(screen: string): string | undefined {
  const rest = ours.reduce((text, sequence) => text.replaceAll(sequence, ''), screen)
  const found = ACTING.exec(rest)
  if (found === null) return undefined
  return JSON.stringify(rest.slice(Math.max(0, found.index - 30), found.index + 30))
}
