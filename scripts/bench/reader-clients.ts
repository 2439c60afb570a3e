/**
 * Readers of a bridge, as a process of their own: live pages that follow the feed, and one client
 * that reloads a session and the overview. Told over IPC when to begin and when to end.
 */
import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export type ReaderCommand =
  | {
      readonly kind: 'begin'
      readonly port: number
      readonly pages: number
      readonly paths: readonly string[]
    }
  | { readonly kind: 'end' }

/** What came of it. */
export interface ReaderReport {
  readonly kind: 'begun' | 'ended'
  readonly answers: number
  readonly refusals: number
  readonly slowestMs: number
  readonly longestBytes: number
  readonly liveBytes: number
}

let stop = new AbortController()
let report = emptyReport()

function emptyReport() {
  return { answers: 0, refusals: 0, slowestMs: 0, longestBytes: 0, liveBytes: 0 }
}

function follow(port: number): Promise<void> {
  return new Promise((resolve) => {
    const request = get(
      { port, host: '127.0.0.1', path: '/api/live', signal: stop.signal },
      (answer) => {
        resolve()
        answer.on('data', (chunk: Buffer) => {
          report.liveBytes += chunk.length
        })
        answer.on('error', () => {})
      },
    )
    request.on('error', () => resolve())
  })
}

async function reload(port: number, path: string): Promise<void> {
  const { signal } = stop
  const isOver = (): boolean => signal.aborted
  while (!isOver()) {
    const startedMs = performance.now()
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal })
      const { byteLength } = await answer.arrayBuffer()
      if (answer.ok) report.answers += 1
      else {
        report.refusals += 1
        await pause(100)
      }
      report.longestBytes = Math.max(report.longestBytes, byteLength)
      report.slowestMs = Math.max(report.slowestMs, performance.now() - startedMs)
    } catch {
      if (isOver()) return
      report.refusals += 1
      await pause(100)
    }
  }
}

process.on('message', (command: ReaderCommand) => {
  if (command.kind === 'end') {
    stop.abort()
    process.send?.({ kind: 'ended', ...report } satisfies ReaderReport)
    return
  }
  stop = new AbortController()
  report = emptyReport()
  for (const path of command.paths) void reload(command.port, path)
  void Promise.all(Array.from({ length: command.pages }, () => follow(command.port))).then(() => {
    process.send?.({ kind: 'begun', ...report } satisfies ReaderReport)
  })
})
