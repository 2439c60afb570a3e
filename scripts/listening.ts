/** Waiting for a bridge that was started as a process of its own, with its log on `info` or lower. */
import type { ChildProcess } from 'node:child_process'

/** Where it listens. */
export interface Listening {
  readonly url: string
  readonly httpPort: number
  /** `host:port`. */
  readonly grpc: string
}

/** The machine may be busy with other bridges. */
const TIMEOUT_MS = 120_000
const LISTENING = /"url":"(http:\/\/[^"]*:(\d+))","grpc":"([^"]+)"/

/**
 * Resolves once it listens over HTTP and gRPC. Rejects with what it wrote when it ends before that,
 * or does not listen in time.
 */
export function untilListening(child: ChildProcess): Promise<Listening> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why: string): void => end(() => reject(new Error(`the bridge ${why}: ${said}`)))
    const timer = setTimeout(() => fail('did not start in time'), TIMEOUT_MS)
    const onEnd = (): void => fail('ended at its start')
    const onOutput = (chunk: Buffer): void => {
      said += chunk.toString()
      const [, url, httpPort, grpc] = LISTENING.exec(said) ?? []
      if (url === undefined || grpc === undefined) return
      end(() => resolve({ url, httpPort: Number(httpPort), grpc }))
    }
    function end(how: () => void): void {
      clearTimeout(timer)
      child.off('exit', onEnd)
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', onOutput)
      how()
    }
    child.once('exit', onEnd)
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput)
  })
}
