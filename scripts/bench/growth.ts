/**
 * What a full store costs: how long the bridge takes to start on it, and its processor time per request
 * beside a bridge that has stored next to nothing, in turns.
 *
 *     npm run bench:growth -- [--sessions 1000000] [--rounds 3]
 */
import { parseArgs } from 'node:util'
import { median } from './lines.ts'
import { paces, type Shape } from './paces.ts'
import { createYearStore } from './queries/year-store.ts'
import { startBridge } from './server-process.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
  },
})
/** Nothing is deleted, so that the store stays as full as it is. */
const KEEP = { RETENTION_DAYS: '0', MAX_STORE_SIZE: '0' }
const SHAPE: Shape = {
  transport: 'json',
  parts: 1,
  warmUpRequests: 2000,
  turns: 5,
  requestsPerTurn: 1000,
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const few = await startBridge(KEEP)
const many = await startBridge(KEEP, async (dataDir) => {
  say(await createYearStore(dataDir, Number(values.sessions)))
})
try {
  const [before, after] = [few, many].map((bridge) => (bridge.storedBytes() / 1e9).toFixed(2))
  say(
    `start: ${many.startMs.toFixed(0)} ms with ${after} GB, ${few.startMs.toFixed(0)} ms with ${before} GB`,
  )
  const ratios: number[] = []
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const [reference, full] = await paces([few, many], SHAPE)
    const [was, is] = [reference?.cpuMsPerRequest, full?.cpuMsPerRequest] as [number, number]
    ratios.push(is / was)
    say(
      `round ${round}: ${is.toFixed(3)} ms of processor time per request, ${was.toFixed(3)} with few sessions: ${(is / was).toFixed(2)}`,
    )
  }
  say(`median ratio: ${median(ratios).toFixed(2)}`)
} finally {
  await few.stop()
  await many.stop()
}
