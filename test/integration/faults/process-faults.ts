/** What can happen to the process. */
import type { Fault } from './fault.ts'

export const processFaults: readonly Fault[] = [
  {
    name: 'SIGKILL',
    inject: async ({ subject, pause }) => {
      await pause(0, 900)
      await subject.kill()
      await pause(0, 200)
      await subject.start()
    },
  },
  {
    name: 'SIGKILL, three times',
    inject: async ({ subject, pause }) => {
      for (let time = 0; time < 3; time += 1) {
        await pause(0, 250)
        await subject.kill()
        await subject.start()
      }
    },
  },
  {
    name: 'SIGKILL between the answer of Langfuse and its mark',
    inject: async ({ subject, langfuse, random, pause }) => {
      let untilKill = random.between(1, 6)
      const killed = Promise.withResolvers<void>()
      langfuse.always(({ kind }) => {
        if (kind === 'probe' || kind === 'other') return undefined
        untilKill -= 1
        if (untilKill === 0) {
          subject.signal('SIGKILL')
          killed.resolve()
        }
        return undefined
      })
      await Promise.race([killed.promise, pause(2500, 2500)])
      langfuse.always(undefined)
      await subject.kill()
      await subject.start()
    },
  },
  {
    name: 'SIGKILL while it stops',
    inject: async ({ subject, pause }) => {
      await pause(100, 900)
      subject.signal('SIGTERM')
      await pause(0, 40)
      await subject.kill()
      await subject.start()
    },
  },
  {
    name: 'SIGTERM in the middle of a batch',
    inject: async ({ subject, pause }) => {
      await pause(50, 900)
      await subject.stop()
      await pause(0, 200)
      await subject.start()
    },
  },
  {
    name: 'SIGSTOP for a while',
    inject: async ({ subject, pause }) => {
      await pause(0, 600)
      subject.signal('SIGSTOP')
      await pause(100, 1500)
      subject.signal('SIGCONT')
    },
  },
  {
    name: 'SIGKILL while Langfuse hangs',
    actsLate: true,
    inject: async ({ subject, langfuse, pause }) => {
      await pause(0, 400)
      langfuse.always(() => ({ kind: 'hang' }))
      await pause(100, 600)
      await subject.kill()
      langfuse.always(undefined)
      langfuse.release()
      await subject.start()
    },
  },
]
