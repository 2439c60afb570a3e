/**
 * What a command knows of the process it runs in. `main` hands it in, so that no command reads
 * the environment, a stream or the clock by itself.
 */
import type { Readable, Writable } from 'node:stream'
import type { ImportBody, ImportCounts, ImportProgress } from '../api/contract/imports.ts'
import type { Config } from '../config/config.ts'
import type { Platform } from '../config/folders.ts'
import type { Settings, Variables } from '../config/settings.ts'
import type { Result } from '../domain/result.ts'
import type { Ask } from './confirmation.ts'
import type { Failure } from './outcome.ts'
import type { ReadSecret } from './secret-input.ts'
import type { Terminal } from './terminal.ts'

/** Where the program lies; absolute. */
export interface ProgramPaths {
  readonly nodePath: string
  readonly mainPath: string
  /** The small entry for a status line; absent where the program runs from its source. */
  readonly statusLinePath?: string
}

/** What is known before the command line is read. */
export interface ProgramContext {
  /** Without Node and script. */
  readonly args: readonly string[]
  /** The environment alone: what another program started from this shell would get. */
  readonly shellVariables: Variables
  /** The environment, over these files, over those that are always read. */
  readonly readSettings: (envFiles: readonly string[]) => Result<Settings, string>
  readonly platform: Platform
  readonly productVersion: string
  /** How this program can be started again. */
  readonly program: ProgramPaths
  /** Number of the user; none on Windows. */
  readonly userId: number | undefined
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: Ask
  /** From standard input. */
  readonly readSecret: ReadSecret
  /** Standard input as a whole; empty at a terminal. */
  readonly readInput: () => Promise<string>
  /** Standard input and output as they are, for a command that speaks a protocol over them. */
  readonly streams: { readonly input: Readable; readonly output: Writable }
  /** Calls back when the process is asked to end, in the place of ending it; returns how to undo that. */
  readonly onStop: (stop: () => void) => () => void
  /** Epoch ms. */
  readonly now: () => number
  /** Transcripts of agents, which only the bridge's own parts can read. */
  readonly transcripts: Transcripts
  /** Runs the bridge. Resolves once it listens, or with why it cannot. */
  readonly serve: (settings: ServedSettings) => Promise<Result<Listening, string>>
}

export interface Transcripts {
  /** Where agents keep them on this machine: those folders that are there. */
  readonly folders: () => readonly string[]
  /** Takes them in while no bridge runs on the data folder. */
  readonly importHere: (
    config: Config,
    body: ImportBody,
    onProgress: (progress: ImportProgress) => void,
  ) => Promise<Result<ImportCounts, string>>
  /** Follows them while no bridge runs on the data folder, until somebody ends the process. */
  readonly watchHere: (
    config: Config,
    followed: {
      readonly folders: () => readonly string[]
      /** The store is open. */
      readonly onStart: () => void
      /** Something new was read and stored. */
      readonly onRead: (
        counts: Pick<ImportCounts, 'sessions' | 'prompts' | 'calls' | 'tools'>,
      ) => void
      readonly onError: (message: string) => void
    },
  ) => Promise<Result<undefined, string>>
}

/** Where the bridge listens. */
export interface Listening {
  /** Of OTLP/HTTP, the page and the API. */
  readonly url: string
  /** `host:port` of OTLP/gRPC, unless it is switched off. */
  readonly grpc?: string
}

/** What the bridge runs with. */
export interface ServedSettings {
  readonly config: Config
  /** Where the settings that name a destination are set. */
  readonly origins: Readonly<Record<string, string>>
  /** Takes a line of the log, which is JSON; absent where it goes to standard output as it is. */
  readonly printLog?: (line: string) => void
}

/** What a command knows. */
export interface CliContext extends Omit<ProgramContext, 'readSettings'> {
  /** Files that `--env-file` names; absolute. */
  readonly envFiles: () => readonly string[]
  /** Read when they are first asked for. */
  readonly settings: () => Result<Settings, Failure>
  /** The configuration that they make. The first call warns of what looks wrong in them. */
  readonly config: () => Result<Config, Failure>
}
