/** One run: a bridge of its own, traffic, a fault, its healing, and the verdict. */
import { setTimeout as delay } from 'node:timers/promises'
import { bridgeEnvironment, removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from '../langfuse-stand-in/stand-in.ts'
import { sendTraffic } from './client.ts'
import type { Fault } from './fault.ts'
import { createInProcessSubject } from './in-process-subject.ts'
import { createPromises } from './promises.ts'
import { createRandom } from './random.ts'
import { createShiftedClock } from './shifted-clock.ts'
import { mountSmallDisk, unmountSmallDisk } from './small-disk.ts'
import { createSubject, empty } from './subject.ts'
import { judge, type Verdict } from './verdict.ts'

export interface Run extends Verdict {
  /** What was wrong besides loss and doubling, one line each. */
  readonly wrong: readonly string[]
}

/** Short, so that turns end, calls are let go and requests time out within a run. */
export const timeouts = {
  TURN_QUIET_TIMEOUT: '300',
  JOIN_TIMEOUT: '100',
  SESSION_TIMEOUT: '2000',
  LANGFUSE_TIMEOUT: '400',
  SHUTDOWN_TIMEOUT: '5000',
}

/** Rejects when the bridge or the rig fails in a way that is no matter of records. */
export async function runFault(fault: Fault, seed: number): Promise<Run> {
  const random = createRandom(seed)
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  if (fault.diskBytes !== undefined) mountSmallDisk(dataDir, fault.diskBytes)
  const environment = { ...bridgeEnvironment(dataDir, langfuse), ...timeouts, LOG_LEVEL: 'info' }
  const clock = fault.ownClock === true ? createShiftedClock() : undefined
  const subject =
    clock === undefined
      ? createSubject(environment, fault.asNobody)
      : createInProcessSubject(environment, clock)
  const promises = createPromises()
  const wrong: string[] = []
  const send = (name: string) =>
    sendTraffic(name, {
      url: () => subject.url(),
      promises,
      random,
      ...(fault.repeatOneIn !== undefined && { repeatOneIn: fault.repeatOneIn }),
    })

  const expect = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what)
  }

  try {
    await subject.start()
    const traffic = send('first')
    await fault.inject({
      subject,
      langfuse,
      random,
      clock,
      traffic,
      moreTraffic: () => send('second'),
      pause: (minMs, maxMs) => delay(random.between(minMs, maxMs)),
      expect,
    })
    await traffic
    heal(langfuse)
    const left = await empty(subject)
    if (left > 0) wrong.push(`${left} items stay in the outbox`)
    const verdict = judge(promises, langfuse)
    await fault.afterwards?.({ dataDir, langfuse, expect })
    if (fault.actsLate !== true) wrong.push(...verdict.stale)
    return { ...verdict, wrong }
  } finally {
    await subject.kill()
    await langfuse.close()
    if (fault.diskBytes !== undefined) unmountSmallDisk(dataDir)
    removeFolder(dataDir)
  }
}

export function heal(langfuse: LangfuseStandIn): void {
  langfuse.always(undefined)
  langfuse.setKeys(STAND_IN_KEYS)
  langfuse.release()
}
