/** Somebody who works as usual while the bridge is under attack. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Target } from './target.ts'

export interface ClientReport {
  readonly answers: number
  /** Exports that were refused with 503 and sent again. */
  readonly retries: number
  /** From sending an export to its being taken, the longest. */
  readonly slowestMs: number
  /** Exports that were never taken, by reason. */
  readonly failures: readonly string[]
}

export interface WellBehavedClient {
  stop(): Promise<ClientReport>
}

export function startWellBehavedClient({ httpPort, grpcPort }: Target): WellBehavedClient {
  const thread = new Worker(new URL('./client-thread.ts', import.meta.url), {
    workerData: { httpPort, grpcPort },
  })
  return {
    stop: async () => {
      thread.postMessage('stop')
      const [report] = (await once(thread, 'message')) as [ClientReport]
      return report
    },
  }
}
