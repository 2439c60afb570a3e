/** The command line in this process, with what it wrote. */
import { PassThrough } from 'node:stream'
import { createTerminal } from '../../../src/cli/terminal.ts'
import { runProgram } from '../../../src/cli/program.ts'
import { settingsOf } from '../../../src/config/settings.ts'
import { ok } from '../../../src/domain/result.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Whether the bridge was started. */
  readonly served: boolean
}

export async function runCommandLine(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  {
    nowMs = 0,
    isTTY = false,
    columns = 100,
    workingDir = '/home/me',
  }: {
    readonly nowMs?: number
    readonly isTTY?: boolean
    readonly columns?: number
    readonly workingDir?: string
  } = {},
): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  let served = false
  const terminal = (take: (text: string) => void) =>
    createTerminal({ isTTY, columns, write: take }, variables)
  const code = await runProgram({
    args,
    shellVariables: variables,
    readSettings: () => ok(settingsOf(variables, [])),
    platform: { os: 'linux', homeDir: '/home/me', workingDir },
    productVersion: '1.2.3',
    program: { nodePath: '/bin/node', mainPath: '/opt/main.js' },
    userId: 1000,
    stdout: terminal((text) => {
      stdout += text
    }),
    stderr: terminal((text) => {
      stderr += text
    }),
    now: () => nowMs,
    readSecret: async () => '',
    transcripts: {
      folders: () => [],
      importHere: async () => ({ ok: false, error: 'nothing is imported here' }),
      watchHere: async () => ({ ok: false, error: 'nothing is followed here' }),
    },
    readInput: async () => '',
    streams: { input: new PassThrough(), output: new PassThrough() },
    onStop: () => () => {},
    serve: async () => {
      served = true
      return ok({ url: 'http://127.0.0.1:4318' })
    },
  })
  return { code, stdout, stderr, served }
}
