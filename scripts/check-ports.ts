/**
 * Says which of the ports that the bridge is to listen on another program has, and fails then. Other
 * troubles with an address are left for the bridge to name.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { bridgeHost, effectiveSettings } from './env-file.ts'

const settings = effectiveSettings('.env')
const { OTLP_RECEIVER_PORT: httpPort = '4318', OTLP_GRPC_PORT: grpcPort = '4317' } = settings
const host = bridgeHost(settings)

if (httpPort === '0') {
  fail('OTLP_RECEIVER_PORT is 0, a port that nobody would know. Set one, or take the line out.')
} else if (await isInUse(httpPort)) {
  fail(
    `http://${host.shown}:${httpPort} is in use by another program. Stop it, or set OTLP_RECEIVER_PORT in .env.`,
  )
} else if (/^\d+$/.test(grpcPort) && grpcPort !== '0' && (await isInUse(grpcPort))) {
  fail(
    `${host.shown}:${grpcPort}, the port of gRPC, is in use by another program. Stop it, or set OTLP_GRPC_PORT in .env to another port or to off.`,
  )
}

async function isInUse(port: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(Number(port), host.bare)
    await once(server, 'listening')
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  } finally {
    server.close()
  }
}

function fail(problem: string): void {
  console.error(problem)
  process.exitCode = 1
}
