/** What the bridge is measured against: a Fastify handler that parses the same bodies, and no more. */
import fastify from 'fastify'

const server = fastify({ bodyLimit: 64 * 1024 * 1024 })
server.removeAllContentTypeParsers()
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, JSON.parse(body.toString()))
})
server.post('/v1/logs', async () => ({}))
await server.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) })
const address = server.server.address()
if (address === null || typeof address === 'string') throw new Error('no port')
process.stdout.write(`listening ${address.port}\n`)
