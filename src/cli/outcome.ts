/**
 * What a command came to, and how that becomes text and an exit code:
 * 0 done, 1 it could not be done or something is wrong, 2 the command line itself is wrong.
 */
import { jsonText } from '../domain/numbers.ts'
import { err, type Result } from '../domain/result.ts'
import { safeJson } from '../domain/safe-text.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'

export const EXIT_OK = 0
export const EXIT_PROBLEM = 1
export const EXIT_USAGE = 2

/** For standard output. */
export type Report = (
  | {
      /** For a person; none say nothing. */
      readonly lines: readonly TextLine[]
    }
  | {
      /** For a program: JSON, CSV and the like, without its last line end. */
      readonly document: string
    }
) & {
  /** 0 unless told otherwise. */
  readonly exitCode?: number
}

export interface Failure {
  /** A line each; mostly one. */
  readonly messages: readonly string[]
  /** What to do about it. */
  readonly next?: string
  /** 1 unless told otherwise. */
  readonly exitCode?: number
}

export type Outcome = Result<Report, Failure>

/** Takes what a command came to; the last one gives the process its exit code. */
export type Conclude = (outcome: Promise<Outcome>) => Promise<void>

/** A failure of one line, with what to do about it. */
export function failed(message: string, next?: string) {
  return err<Failure>({ messages: [message], ...(next !== undefined && { next }) })
}

/** The command line is wrong in a way that its parser does not see: `failed` with exit code 2. */
export function misused(message: string, next?: string) {
  return err<Failure>({
    messages: [message],
    ...(next !== undefined && { next }),
    exitCode: EXIT_USAGE,
  })
}

/** A value as JSON for programs, indented. */
export function jsonDocument(value: unknown): string {
  return safeJson(jsonText(value, 2))
}

/** Writes it where it belongs, and returns the exit code. */
export function conclude(outcome: Outcome, stdout: Terminal, stderr: Terminal): number {
  if (outcome.ok) {
    const report = outcome.value
    if ('lines' in report) stdout.print(report.lines)
    else stdout.write(`${report.document}\n`)
    return report.exitCode ?? EXIT_OK
  }
  const { messages, next, exitCode } = outcome.error
  const prefix = styled('red', 'claude-telemetry:')
  stderr.print(messages.map((message) => [prefix, ` ${withoutUrlPasswords(message)}`]))
  if (next !== undefined) stderr.print([next])
  return exitCode ?? EXIT_PROBLEM
}
