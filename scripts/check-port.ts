/**
 * `node scripts/check-port.ts <url>`: fails when another program listens there already. Other
 * troubles with the address are left for the bridge to name.
 */
import { createServer } from 'node:net'

const { hostname, port } = new URL(process.argv[2] ?? '')
const server = createServer()
server.on('error', (error: NodeJS.ErrnoException) => {
  process.exitCode = error.code === 'EADDRINUSE' ? 1 : 0
})
server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''), () => server.close())
