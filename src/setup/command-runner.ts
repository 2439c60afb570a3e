/** Runs another program, bounded in time and output. One that cannot be started is a result, too. */
import { execFile } from 'node:child_process'

export interface Finished {
  /** `undefined` when it could not be started, or took too long. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export type RunCommand = (
  file: string,
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
) => Promise<Finished>

const TIMEOUT_MS = 20_000
const MAX_OUTPUT_BYTES = 1_000_000

export const runCommand: RunCommand = (file, args, variables) =>
  new Promise((resolve) => {
    const options = {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      env: { ...variables },
      encoding: 'utf8',
    } as const
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined
      const isMissing = error?.code === 'ENOENT'
      const problem = isMissing ? `there is no program "${file}" on the PATH` : error?.message
      resolve({ exitCode, stdout, stderr: stderr === '' ? (problem ?? '') : stderr })
    })
  })
