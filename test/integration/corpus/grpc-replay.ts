/** Recordings over the transport they were made with, gRPC or HTTP. */
import { createGrpcClient } from '../grpc/grpc-client.ts'
import type { TestBridge } from './bridge.ts'
import { post, type Recording } from './recording.ts'

/** Sends a recording in its order; every request must succeed. */
export async function replayAsRecorded(
  { url, grpc }: TestBridge,
  { name, requests }: Pick<Recording, 'name' | 'requests'>,
): Promise<void> {
  const client = createGrpcClient(grpc ?? '')
  try {
    for (const request of requests) {
      const { transport, path, body, file } = request
      const isTaken =
        transport === 'grpc'
          ? (await client.send(path, body)).code === 0
          : (await post(url, request)) === 200
      if (!isTaken) throw new Error(`${name}/${file} was not taken`)
    }
  } finally {
    client.close()
  }
}
