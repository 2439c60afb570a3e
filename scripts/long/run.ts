/**
 * The long run: `npm run test:long -- [--records 5000000] [--seed 1]`. Twenty-four simulated hours
 * of a team's traffic through processors, sessions, store and delivery, with a Langfuse that fails
 * now and then and is away for a whole hour. Prints memory and file size by the hour, and fails
 * when either grows beyond its bound, when a row is missing or twice, or when an item is stuck.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../../test/integration/faults/random.ts'
import { createBridge } from './bridge.ts'
import { createTeam } from './team.ts'

const HOURS = 24
const HOUR_MS = 3_600_000
const STEP_MS = 15_000
/** One batch in so many comes twice. */
const REPEAT_ONE_IN = 50
/** From here on neither memory nor the file may grow. */
const SETTLED_HOURS = 12
const MEMORY_SLACK_BYTES = 24 * 1024 * 1024
const FILE_SLACK = 1.15

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '5000000' },
    seed: { type: 'string', default: '1' },
  },
})
const wanted = Number(values.records)
const random = createRandom(Number(values.seed))
const dataDir = mkdtempSync(join(tmpdir(), 'claude-telemetry-long-'))
const bridge = await createBridge(dataDir, random, wanted)
const team = createTeam(random)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`
say(`${mb(bridge.sink.bytes)} of what is resident are tables of this check`)

interface Reading {
  readonly heapBytes: number
  readonly fileBytes: number
}

async function hour(number: number): Promise<Reading> {
  const steps = HOUR_MS / STEP_MS
  for (let step = 0; step < steps; step += 1) {
    const batches = team.work(wanted / HOURS / steps, bridge.clock.now())
    const repeated = batches.filter(() => random.oneIn(REPEAT_ONE_IN))
    await bridge.take([...batches, ...repeated])
    await bridge.clock.advance(STEP_MS)
  }
  globalThis.gc?.()
  const heapBytes = process.memoryUsage().heapUsed
  const fileBytes = statSync(join(dataDir, 'claude-telemetry.db')).size
  const { pending } = await bridge.outbox()
  say(
    `hour ${number}: ${team.records()} records, heap ${mb(heapBytes)}, resident ${mb(process.memoryUsage.rss())}, file ${mb(fileBytes)}, ${pending} pending`,
  )
  return { heapBytes, fileBytes }
}

const readings: Reading[] = []
const startedMs = performance.now()
for (let number = 1; number <= HOURS; number += 1) readings.push(await hour(number))
const { pending, dead, dropped } = await bridge.finish()

const problems: string[] = []
const check = (holds: boolean, what: string): void => void (holds || problems.push(what))
const settled = readings.slice(0, SETTLED_HOURS)
const later = readings.slice(SETTLED_HOURS)
const most = (list: readonly Reading[], of: keyof Reading) => Math.max(...list.map((r) => r[of]))
check(most(later, 'heapBytes') <= most(settled, 'heapBytes') + MEMORY_SLACK_BYTES, 'memory grows')
check(most(later, 'fileBytes') <= most(settled, 'fileBytes') * FILE_SLACK, 'the file grows')
check(pending + dead + dropped === 0, `${pending} pending, ${dead} dead, ${dropped} dropped`)
const [sent, shown] = [team.rows(), bridge.sink.rows()]
for (const kind of ['calls', 'tools', 'prompts'] as const) {
  check(sent[kind] === shown[kind], `${sent[kind]} ${kind} sent, ${shown[kind]} shown`)
}
rmSync(dataDir, { recursive: true, force: true })

const seconds = Math.round((performance.now() - startedMs) / 1000)
say(
  `${team.records()} records in ${seconds} s; ${JSON.stringify(shown)}, ${bridge.sink.resent()} resent`,
)
say(problems.length === 0 ? 'nothing lost, nothing twice, nothing grows' : problems.join('\n'))
process.exit(problems.length === 0 ? 0 : 1)
