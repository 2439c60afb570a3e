/** A process that holds the store in the folder of its first argument, and flushes it as the second says, until it is killed. */
import { openStore } from '../../../src/storage/open-store.ts'
import { nothing, other, plainStates } from './arrivals.ts'

const [, , dataDir = '', flushes = ''] = process.argv
const opened = await openStore({
  dataDir,
  clock: { now: Date.now, setTimer: () => ({ cancel: () => {} }) },
  states: plainStates(),
  retentionMs: 0,
  outbox: { maxAgeMs: 0, maxBytes: 0 },
  exporters: [{ exporter: 'langfuse', kinds: ['observation', 'score'], isActive: true }],
  ...(flushes === 'on close' && { flushes }),
  log: console,
})
if (!opened.ok) throw new Error(opened.error.message)
await opened.value.sessions.commit([other('from the holder')], [], () => nothing)
console.log('committed')
// Lives as long as the other end of its standard input, at most.
process.stdin.resume()
