/**
 * A bound on the open connections of one server. A new connection takes the place of the one that
 * has been waited for longest: for its next request, or for the rest of one that comes below the
 * minimum data rate. A connection whose request is being handled keeps its place.
 */
import type { Clock } from '../../domain/clock.ts'
import { createPace, type Pace } from '../pace.ts'

/** Connections of OTLP/HTTP and the page. Each one costs some ten kilobytes, as those of gRPC do. */
const MAX_HTTP_CONNECTIONS = 2000
const MAX_GRPC_CONNECTIONS = 1000
/** Open files that are not connections: the database, its log, deliveries. */
const OTHER_OPEN_FILES = 64

export interface ConnectionLimits {
  readonly http: number
  readonly grpc: number
}

/** The bounds of a process that may have so many files open, half of them connections. */
export function connectionLimits(openFiles: number): ConnectionLimits {
  const available = Math.max(16, Math.floor((openFiles - OTHER_OPEN_FILES) / 2))
  return {
    http: Math.min(MAX_HTTP_CONNECTIONS, Math.ceil(available * 0.75)),
    grpc: Math.min(MAX_GRPC_CONNECTIONS, Math.floor(available * 0.25)),
  }
}

/** A connection as its server knows it. */
export interface Connection {
  /** Bytes that came so far. */
  bytesRead(): number
  /** Whether one of its requests is whole, and not answered yet. */
  isBusy(): boolean
  destroy(): void
}

/** To be told what becomes of a connection. */
export interface TrackedConnection {
  readonly answered: () => void
  readonly closed: () => void
}

export interface Connections {
  /** Counts a connection until it closes; destroys it at once when none can make room. */
  track(connection: Connection): TrackedConnection
  /** Closes every connection that is behind the minimum data rate. */
  closeSlow(): void
}

interface Paced {
  readonly pace: Pace
  bytesSeen: number
}

export function createConnections(max: number, clock: Clock): Connections {
  const open = new Map<Connection, Paced>()

  function lateMs(connection: Connection, paced: Paced, nowMs: number): number {
    const bytesRead = connection.bytesRead()
    paced.pace.sent(bytesRead - paced.bytesSeen, nowMs)
    paced.bytesSeen = bytesRead
    return paced.pace.lateMs(nowMs)
  }

  function slowest(): Connection | undefined {
    const nowMs = clock.now()
    let found: Connection | undefined
    let mostMs = Number.NEGATIVE_INFINITY
    for (const [connection, paced] of open) {
      if (connection.isBusy()) continue
      const late = lateMs(connection, paced, nowMs)
      if (late <= mostMs) continue
      found = connection
      mostMs = late
    }
    return found
  }

  function close(connection: Connection): void {
    open.delete(connection)
    connection.destroy()
  }

  return {
    track: (connection) => {
      if (open.size >= max) close(slowest() ?? connection)
      if (open.size >= max) return { answered: nothing, closed: nothing }
      const pace = createPace(clock.now())
      open.set(connection, { pace, bytesSeen: connection.bytesRead() })
      return {
        answered: () => pace.restart(clock.now()),
        closed: () => open.delete(connection),
      }
    },
    closeSlow: () => {
      const nowMs = clock.now()
      for (const [connection, paced] of open) {
        if (!connection.isBusy() && lateMs(connection, paced, nowMs) > 0) close(connection)
      }
    },
  }
}

function nothing(): void {
  // A connection that was refused is not tracked.
}
