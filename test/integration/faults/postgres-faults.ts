/** What can happen to several processes on one PostgreSQL, and to that. */
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import type { PostgresServer } from '../../postgres/postgres-server.ts'
import type { Scene } from './fault.ts'
import type { Replicas } from './replicas.ts'

export interface PostgresScene
  extends Pick<Scene, 'random' | 'moreTraffic' | 'traffic' | 'pause' | 'expect'> {
  readonly replicas: Replicas
  readonly postgres: PostgresServer
  readonly langfuse: LangfuseStandIn
}

export interface PostgresFault {
  readonly name: string
  readonly actsLate?: boolean
  /** Traffic flows meanwhile. Resolves when all that must be undone is undone. */
  inject(scene: PostgresScene): Promise<void>
}

const CUT_MS = 30_000

export const postgresFaults: readonly PostgresFault[] = [
  {
    name: 'no fault: every request to another replica',
    inject: async () => {},
  },
  {
    name: 'SIGKILL of a replica',
    inject: async ({ replicas, pause }) => {
      await pause(0, 900)
      const replica = replicas.any()
      await replica.kill()
      await pause(0, 500)
      await replica.start()
    },
  },
  {
    name: 'SIGKILL of one replica after the other',
    inject: async ({ replicas, pause }) => {
      for (const replica of replicas.all) {
        await pause(0, 400)
        await replica.kill()
        await replica.start()
      }
    },
  },
  {
    name: 'SIGKILL of all replicas',
    inject: async ({ replicas, pause }) => {
      await pause(0, 900)
      await Promise.all(replicas.all.map((replica) => replica.kill()))
      await replicas.start()
    },
  },
  {
    name: 'SIGKILL of a replica that does not come back',
    inject: async ({ replicas, pause, traffic }) => {
      await pause(0, 900)
      await replicas.any().kill()
      await traffic
    },
  },
  {
    name: 'SIGKILL between the answer of Langfuse and its mark',
    inject: async ({ replicas, langfuse, random, pause }) => {
      let untilKill = random.between(1, 6)
      const replica = replicas.any()
      const killed = Promise.withResolvers<void>()
      langfuse.always(({ kind }) => {
        if (kind === 'probe' || kind === 'other') return undefined
        untilKill -= 1
        if (untilKill === 0) {
          replica.signal('SIGKILL')
          killed.resolve()
        }
        return undefined
      })
      await Promise.race([killed.promise, pause(2500, 2500)])
      langfuse.always(undefined)
      await replica.kill()
      await replica.start()
    },
  },
  {
    name: 'one replica after the other is stopped and started anew',
    inject: async ({ replicas, pause }) => {
      for (const replica of replicas.all) {
        await pause(0, 300)
        await replica.stop()
        await replica.start()
      }
    },
  },
  {
    name: 'SIGTERM to all in the middle of a batch',
    inject: async ({ replicas, pause }) => {
      await pause(50, 900)
      await replicas.stop()
      await replicas.start()
    },
  },
  {
    name: 'SIGSTOP of a replica, until others take its work',
    actsLate: true,
    inject: async ({ replicas, pause }) => {
      await pause(0, 600)
      const replica = replicas.any()
      replica.signal('SIGSTOP')
      await pause(500, 16_000)
      replica.signal('SIGCONT')
    },
  },
  {
    name: 'PostgreSQL restarted',
    inject: async ({ postgres, pause }) => {
      await pause(0, 900)
      await postgres.stop('fast')
      await pause(0, 1500)
      await postgres.start()
    },
  },
  {
    name: 'PostgreSQL crashes, three times',
    inject: async ({ postgres, pause }) => {
      for (let time = 0; time < 3; time += 1) {
        await pause(0, 500)
        await postgres.restart('immediate')
      }
    },
  },
  {
    name: 'PostgreSQL cut off for 30 s',
    actsLate: true,
    inject: async ({ replicas, moreTraffic, pause }) => {
      await pause(0, 900)
      for (const { proxy } of replicas.all) proxy.cut()
      await pause(CUT_MS, CUT_MS)
      for (const { proxy } of replicas.all) proxy.mend()
      await moreTraffic()
    },
  },
  {
    name: 'a replica cut off from PostgreSQL, until others take its work',
    actsLate: true,
    inject: async ({ replicas, moreTraffic, pause }) => {
      await pause(0, 900)
      const { proxy } = replicas.any()
      proxy.cut()
      await pause(1000, 18_000)
      proxy.mend()
      await moreTraffic()
    },
  },
  {
    name: 'Langfuse is away while a replica is killed',
    inject: async ({ replicas, langfuse, pause }) => {
      await pause(0, 400)
      langfuse.always(() => ({ kind: 'status', status: 503 }))
      await pause(100, 900)
      const replica = replicas.any()
      await replica.kill()
      langfuse.always(undefined)
      await replica.start()
    },
  },
]
