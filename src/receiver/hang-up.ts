/**
 * Ends a server's connections while it closes. Node ends those that are idle at that moment, but
 * not one that becomes idle later, nor one whose client has stopped in the middle of a request;
 * either would hold up the end of the process.
 */
import type { Server } from 'node:http'

const SWEEP_EVERY_MS = 50

/**
 * To be called when closing begins. `endSlow` is called now and then to end what comes too slowly;
 * after `patienceMs` it hangs up on whoever is left.
 */
export function hangUpWhileClosing(server: Server, patienceMs: number, endSlow: () => void): void {
  if (!server.listening) return
  const sweep = setInterval(() => {
    endSlow()
    server.closeIdleConnections()
  }, SWEEP_EVERY_MS).unref()
  const end = setTimeout(() => server.closeAllConnections(), patienceMs).unref()
  server.once('close', () => {
    clearInterval(sweep)
    clearTimeout(end)
  })
}
