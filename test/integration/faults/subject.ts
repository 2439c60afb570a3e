/**
 * The bridge under a fault: a real process over one data folder that comes and goes while
 * clients go on sending to wherever it listens.
 */
import { chownSync } from 'node:fs'
import {
  type BridgeProcess,
  type FailedStart,
  type ProcessOptions,
  startProcess,
} from '../corpus/bridge-process.ts'

export interface Subject {
  readonly dataDir: string
  /** Where it listens now; `undefined` while it does not. */
  url(): string | undefined
  start(change?: StartChange): Promise<void>
  /** A start that may fail, beside the one that runs, if any. */
  tryStart(change?: StartChange): Promise<BridgeProcess | FailedStart>
  /** Sends a signal; nobody is waited for. */
  signal(signal: NodeJS.Signals): void
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end. Resolves to the exit code, or the signal that ended it. */
  terminate(): Promise<number | NodeJS.Signals | undefined>
  /** The same, for an end in good order. Resolves to what is left in the outbox. */
  stop(): Promise<number>
  /** What all processes so far have logged. */
  log(): string
}

export interface StartChange extends Pick<ProcessOptions, 'launcher'> {
  readonly environment?: Record<string, string>
}

/** Nobody, on every Unix: root may do too much for a folder to be read-only to it. */
const NOBODY = 65_534

export function createSubject(environment: Record<string, string>, asNobody = false): Subject {
  const dataDir = environment.DATA_DIR ?? ''
  const userId = asNobody && process.getuid?.() === 0 ? NOBODY : undefined
  if (userId !== undefined) chownSync(dataDir, userId, userId)
  let bridge: BridgeProcess | undefined
  let finishedLog = ''

  async function tryStart({ launcher, environment: changed }: StartChange = {}) {
    return startProcess(
      { ...environment, ...changed },
      { userId, ...(launcher !== undefined && { launcher }) },
    )
  }

  async function end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined> {
    const ending = bridge
    if (ending === undefined) return undefined
    ending.kill(signal)
    const code = await ending.ended()
    // Killed from outside meanwhile: another may have been started already.
    if (bridge === ending) bridge = undefined
    finishedLog += ending.log()
    return code
  }

  return {
    dataDir,
    url: () => bridge?.url,
    tryStart,
    start: async (change) => {
      const started = await tryStart(change)
      if (!('url' in started)) throw new Error(`no start, ${started.code}: ${started.stderr}`)
      bridge = started
    },
    signal: (signal) => bridge?.kill(signal),
    kill: async () => void (await end('SIGKILL')),
    terminate: () => end('SIGTERM'),
    stop: async () => {
      if (bridge === undefined) return 0
      const running = bridge
      const code = await end('SIGTERM')
      if (code !== 0) throw new Error(`SIGTERM ended with ${code}: ${running.log().slice(-2000)}`)
      return Number(/"pending":(\d+),"msg":"stopped/.exec(running.log())?.[1] ?? Number.NaN)
    },
    log: () => finishedLog + (bridge?.log() ?? ''),
  }
}

/** Each stop delivers for a while: on a busy machine it may take several. */
const STOPS = 20

/** Stops it in good order, and starts it again as long as something is left; resolves to what still is. */
export async function empty(subject: Subject): Promise<number> {
  let left = Number.POSITIVE_INFINITY
  for (let stops = 0; stops < STOPS && left > 0; stops += 1) {
    if (subject.url() === undefined) await subject.start()
    left = await subject.stop()
  }
  return left
}
