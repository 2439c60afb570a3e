/**
 * What a command came to, and how that becomes text and an exit code:
 * 0 done, 1 it could not be done or something is wrong, 2 the command line itself is wrong.
 */
import { err, type Result } from '../domain/result.ts'
import { paint, type Terminal } from './terminal.ts'

export const EXIT_OK = 0
export const EXIT_PROBLEM = 1
export const EXIT_USAGE = 2

export interface Report {
  /** For standard output, without its last line end; empty says nothing. */
  readonly text: string
  /** 0 unless told otherwise. */
  readonly exitCode?: number
}

export interface Failure {
  /** A line each; mostly one. */
  readonly messages: readonly string[]
  /** What to do about it. */
  readonly next?: string
}

export type Outcome = Result<Report, Failure>

/** Takes what a command came to; the last one gives the process its exit code. */
export type Conclude = (outcome: Promise<Outcome>) => Promise<void>

/** A failure of one line, with what to do about it. */
export function failed(message: string, next?: string) {
  return err<Failure>({ messages: [message], ...(next !== undefined && { next }) })
}

/** Writes it where it belongs, and returns the exit code. */
export function conclude(outcome: Outcome, stdout: Terminal, stderr: Terminal): number {
  if (outcome.ok) {
    const { text, exitCode = EXIT_OK } = outcome.value
    if (text !== '') stdout.write(`${text}\n`)
    return exitCode
  }
  const { messages, next } = outcome.error
  for (const message of messages) {
    stderr.write(`${paint(stderr, 'red', 'claude-telemetry:')} ${message}\n`)
  }
  if (next !== undefined) stderr.write(`${next}\n`)
  return EXIT_PROBLEM
}
