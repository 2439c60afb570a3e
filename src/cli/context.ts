/**
 * What a command knows of the process it runs in. `main` hands it in, so that no command reads
 * the environment, a stream or the clock by itself.
 */
import type { Config } from '../config/config.ts'
import type { Platform } from '../config/data-dir.ts'
import type { Result } from '../domain/result.ts'
import type { Ask } from './confirmation.ts'
import type { Terminal } from './terminal.ts'

export type Variables = Readonly<Record<string, string | undefined>>

export interface CliContext {
  /** Without Node and script. */
  readonly args: readonly string[]
  /** What configures the bridge: the environment, over a `.env`. */
  readonly variables: Variables
  /** The environment alone: what another program started from this shell would get. */
  readonly shellVariables: Variables
  readonly platform: Platform
  readonly productVersion: string
  /** How this program can be started again. */
  readonly program: { readonly nodePath: string; readonly mainPath: string }
  /** Number of the user; none on Windows. */
  readonly userId: number | undefined
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: Ask
  /** Epoch ms. */
  readonly now: () => number
  /** Runs the bridge. Resolves once it listens, or with why it cannot. */
  readonly serve: (config: Config) => Promise<Result<undefined, string>>
}
