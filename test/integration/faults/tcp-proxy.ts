/** A TCP proxy on loopback that can stop forwarding without a word, as a network that is cut off. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** Connections stay open, and new ones are taken; nothing goes through until `mend`. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

export async function createTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isCut = false

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket)
    if (isCut) socket.pause()
    socket.on('data', (chunk) => void other.write(chunk))
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    // Attaching to `data` set it flowing.
    if (isCut) socket.pause()
  }

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    keep(client, target)
    keep(target, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    cut: () => {
      isCut = true
      for (const socket of sockets) socket.pause()
    },
    mend: () => {
      isCut = false
      for (const socket of sockets) socket.resume()
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
