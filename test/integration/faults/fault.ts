/** A fault as the rig runs it: what goes wrong while traffic flows, and how it heals. */
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import type { Random } from './random.ts'
import type { ShiftedClock } from './shifted-clock.ts'
import type { Subject } from './subject.ts'

export interface Scene {
  readonly subject: Subject
  readonly langfuse: LangfuseStandIn
  readonly random: Random
  /** Sends some more sessions; resolves when their clients are done. */
  readonly moreTraffic: () => Promise<void>
  /** Resolves when the clients that were there from the beginning are done. */
  readonly traffic: Promise<void>
  /** Waits for a random moment. */
  readonly pause: (minMs: number, maxMs: number) => Promise<void>
  /** Of a bridge that runs in this process; real processes have the machine's. */
  readonly clock: ShiftedClock | undefined
  /** Fails the run: something other than loss or doubling was wrong. */
  readonly expect: (holds: boolean, what: string) => void
}

export interface Fault {
  readonly name: string
  /** Why it cannot be tried on this machine; `undefined` when it can. */
  readonly unavailable?: () => string | undefined
  /** Runs the bridge in this process, under a clock that the fault may move. */
  readonly ownClock?: boolean
  /** Gives the data folder a file system of its own, of so many bytes. */
  readonly diskBytes?: number
  /** Runs the bridge as nobody where the rig is root. */
  readonly asNobody?: boolean
  /**
   * Langfuse may do what a request says long after the bridge gave it up, so that the bridge does not
   * have it in its hands which of two scores with one id comes last.
   */
  readonly actsLate?: boolean
  /** How often clients repeat a batch that was taken, one in so many. */
  readonly repeatOneIn?: number
  /** Traffic flows meanwhile. Resolves when all that must be undone is undone. */
  inject(scene: Scene): Promise<void>
  /** What has to hold once the bridge has stopped and everything is delivered. */
  readonly afterwards?: (aftermath: Aftermath) => Promise<void>
}

/** What is there at the end of a run. */
export type Aftermath = Pick<Scene, 'langfuse' | 'expect'> & { readonly dataDir: string }
