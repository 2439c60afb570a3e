/**
 * How long a status line takes, start of the process included, beside `node -e 0`: with a bridge that
 * answers, and without one. In turns, so that what else the machine does hits all alike.
 * `npm run bench:statusline`, or `node scripts/bench/statusline.ts 30` for another number of rounds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentile } from './load.ts'
import { startBridge } from './server-process.ts'

const DIST = join(import.meta.dirname, '../../dist')
/** What `install --statusline` sets up. */
const ENTRY = join(DIST, 'program/status-line-entry.cjs')
const LIMIT_MS = 60
/** Where nobody listens. */
const NO_PORT = 9
const SESSION_ID = 'status-line-bench'
const INPUT = JSON.stringify({
  session_id: SESSION_ID,
  cwd: '/work',
  model: { id: 'claude-opus-5-5', display_name: 'Opus' },
  cost: { total_cost_usd: 0.42, total_duration_ms: 60_000 },
  context_window: { total_input_tokens: 42_000, context_window_size: 200_000, used_percentage: 21 },
  prompt_cache: { warm: true, ttl: '5m', expires_at: Math.round(Date.now() / 1000) + 240 },
  rate_limits: {
    five_hour: { used_percentage: 62, resets_at: Math.round(Date.now() / 1000) + 5000 },
  },
})

interface Run {
  readonly tookMs: number
  readonly line: string
}

async function run(args: readonly string[], port: number): Promise<Run> {
  const began = performance.now()
  const env = { PATH: process.env.PATH, HOME: tmpdir(), OTLP_RECEIVER_PORT: `${port}` }
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let line = ''
  child.stdout.on('data', (part: Buffer) => {
    line += part.toString()
  })
  // `node -e 0` does not read it.
  child.stdin.on('error', () => {})
  child.stdin.end(INPUT)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return { tookMs: performance.now() - began, line: line.trim() }
}

const rounds = Number(process.argv[2] ?? 40)
const bridge = await startBridge({ BUDGET_DAILY_USD: '20' })
await fetch(`http://127.0.0.1:${bridge.port}/hooks/claude-code`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    session_id: SESSION_ID,
    prompt_id: 'p1',
    hook_event_name: 'UserPromptSubmit',
    prompt: 'Go on',
  }),
})
const kinds = [
  { name: 'node -e 0', args: ['-e', '0'], port: NO_PORT },
  { name: 'status line', args: [ENTRY], port: bridge.port },
  { name: 'without a bridge', args: [ENTRY], port: NO_PORT },
  { name: 'as a command', args: [join(DIST, 'main.js'), 'statusline'], port: bridge.port },
].map((kind) => ({ ...kind, runs: [] as Run[] }))
for (let round = 0; round < rounds; round += 1) {
  for (const kind of kinds) kind.runs.push(await run(kind.args, kind.port))
}
await bridge.stop()
for (const { name, runs } of kinds) {
  const sorted = runs.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  const [median, p90] = [percentile(sorted, 0.5), percentile(sorted, 0.9)]
  console.log(`${name.padEnd(22)} median ${median.toFixed(0)} ms, p90 ${p90.toFixed(0)} ms`)
  console.log(`  ${runs.at(-1)?.line}`)
}
const [, withBridge] = kinds
const answered = withBridge?.runs.filter(({ line }) => line.includes('budget')).length
console.log(
  `answered by the bridge: ${answered} of ${rounds}; meant to take ${LIMIT_MS} ms at most`,
)
