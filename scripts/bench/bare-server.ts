/**
 * What the bridge is measured against: handlers that parse the same bodies, and no more. Fastify for JSON
 * and protobuf, the server of `@grpc/grpc-js` for gRPC. Arguments: the ports of HTTP and gRPC.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import fastify from 'fastify'
import { servicePaths } from '../../test/integration/grpc/grpc-client.ts'
import { decodeProtobuf } from './protobuf-body.ts'

const [httpPort, grpcPort] = process.argv.slice(2).map(Number)

const grpc = new Server({ 'grpc.max_receive_message_length': -1 })
grpc.addService(
  {
    export: {
      path: servicePaths.logs,
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  {
    export: (
      { request }: { readonly request: Buffer },
      respond: (error: null, answer: Buffer) => void,
    ) => {
      decodeProtobuf(request)
      respond(null, Buffer.alloc(0))
    },
  },
)
await new Promise<void>((resolve, reject) => {
  grpc.bindAsync(`127.0.0.1:${grpcPort}`, ServerCredentials.createInsecure(), (error) =>
    error === null ? resolve() : reject(error),
  )
})

const server = fastify({ bodyLimit: 64 * 1024 * 1024 })
server.removeAllContentTypeParsers()
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, JSON.parse(body.toString()))
})
server.addContentTypeParser(
  'application/x-protobuf',
  { parseAs: 'buffer' },
  (_request, body, done) => {
    decodeProtobuf(body as Buffer)
    done(null, {})
  },
)
server.post('/v1/logs', async () => ({}))
await server.listen({ host: '127.0.0.1', port: httpPort ?? 0 })
