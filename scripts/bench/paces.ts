/** Load on servers under test, and what it costs them. */
import { createBodies, joinedBodies, type MakeBody, recordsPerBody } from './bodies.ts'
import { type LoadResult, runLoad, type Transport } from './load.ts'
import type { ServerProcess } from './server-process.ts'

const CONNECTIONS = 8

let runs = 0

/** What is sent, and how. */
export interface Shape {
  readonly transport: Transport
  readonly parts: number
  readonly warmUpRequests: number
  readonly turns: number
  readonly requestsPerTurn: number
}

export interface Load {
  readonly transport?: Transport
  readonly parts?: number
  readonly requests: number
  /** Requests per second; as fast as it goes when absent. */
  readonly rate?: number
  /** How requests are spread over sessions; twenty each, one after another, when absent. */
  readonly spread?: (makeBody: MakeBody) => MakeBody
}

/** Rejects where a request fails. Every call sends records of its own. */
export async function load(server: ServerProcess, of: Load): Promise<LoadResult> {
  const { transport = 'json', parts = 1, requests, rate, spread } = of
  runs += 1
  const bodies = spread === undefined ? createBodies(runs) : spread(createBodies(runs))
  const result = await runLoad({
    transport,
    ports: [transport === 'grpc' ? server.grpcPort : server.port],
    connections: CONNECTIONS,
    requests,
    makeBody: parts === 1 ? bodies : joinedBodies(bodies, parts),
    ...(rate !== undefined && { rate }),
  })
  if (result.failures > 0) throw new Error(`${result.failures} of ${requests} requests failed`)
  return result
}

/** What a server did over all of its turns. */
export interface Pace {
  readonly recordsPerSecond: number
  readonly cpuMsPerRequest: number
}

/** One after another in short turns, when all are warm. */
export async function paces(
  servers: readonly ServerProcess[],
  shape: Shape,
): Promise<readonly Pace[]> {
  const { transport, parts, turns } = shape
  for (const server of servers) {
    await load(server, { transport, parts, requests: shape.warmUpRequests })
  }
  const spent = servers.map(() => ({ seconds: 0, cpuMs: 0 }))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [n, server] of servers.entries()) {
      const of = spent[n] as (typeof spent)[number]
      const before = server.cpuMs()
      const { seconds } = await load(server, { transport, parts, requests: shape.requestsPerTurn })
      of.seconds += seconds
      of.cpuMs += server.cpuMs() - before
    }
  }
  const requests = turns * shape.requestsPerTurn
  return spent.map(({ seconds, cpuMs }) => ({
    recordsPerSecond: (requests * parts * recordsPerBody) / seconds,
    cpuMsPerRequest: cpuMs / requests,
  }))
}
