/** `node scripts/check-health.ts <url>`: whether a bridge at that address takes records. */
const REQUEST_TIMEOUT_MS = 2000

const [url = ''] = process.argv.slice(2)
try {
  const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
  // An answer that is not read to its end keeps its connection, and with it this process.
  await answer.arrayBuffer()
  process.exitCode = answer.ok ? 0 : 1
} catch {
  process.exitCode = 1
}
