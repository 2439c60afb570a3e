/**
 * What an unprivileged program, a careless repository or a busy page can do to the real bridge:
 * `npm run test:hostile -- [--only <part of a name>]`. Each abuse meets a fresh process, while a
 * well-behaved client exports as usual. Prints for each the peak memory, the longest that client
 * waited, and how long the process took to end after SIGTERM; fails when one of them is beyond its
 * bound or something else went wrong.
 */
import { parseArgs } from 'node:util'
import type { Abuse } from './abuse.ts'
import { byteAbuses } from './byte-abuses.ts'
import { fileAbuses } from './file-abuses.ts'
import { readerAbuses } from './reader-abuses.ts'
import { createFolder, entry, startTarget } from './target.ts'
import { startWellBehavedClient } from './well-behaved-client.ts'

const MAX_PEAK_BYTES = 400 * 1024 * 1024
const MAX_ANSWER_MS = 1000
const MAX_END_S = 15

interface Outcome {
  readonly name: string
  readonly peakBytes: number
  readonly slowestMs: number
  readonly retries: number
  /** Undefined when the process had to be killed. */
  readonly endS: number | undefined
  readonly problems: readonly string[]
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const abuses = [...fileAbuses, ...byteAbuses, ...readerAbuses].filter(({ name }) =>
  name.includes(values.only),
)
if (abuses.length === 0) throw new Error(`no abuse has "${values.only}" in its name`)

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function suffer(abuse: Abuse): Promise<Outcome> {
  const folder = createFolder()
  try {
    abuse.prepare?.(folder.path)
    const target = await startTarget(folder.path, abuse.settings?.(folder.path))
    const client = startWellBehavedClient(target)
    const found = await abuse
      .run(target)
      .catch((error: unknown) => [
        `the abuse failed: ${error instanceof Error ? error.stack : String(error)}`,
      ])
    const { slowestMs, retries, failures } = await client.stop()
    const problems = [
      ...found,
      ...failures.map((failure) => `a well-behaved export failed: ${failure}`),
    ]
    if (!target.isUp()) problems.push(`the bridge ended: ${target.output()}`)
    const endS = await target.stop(4 * MAX_END_S * 1000)
    return { name: abuse.name, peakBytes: target.peakBytes(), slowestMs, retries, endS, problems }
  } finally {
    folder.remove()
  }
}

/** Everything that is not as it should be. */
function verdict({ peakBytes, slowestMs, endS, problems }: Outcome): readonly string[] {
  const found = [...problems]
  if (peakBytes > MAX_PEAK_BYTES) found.push('took too much memory')
  if (slowestMs > MAX_ANSWER_MS) found.push('held a well-behaved client up')
  if (endS === undefined || endS > MAX_END_S) found.push('did not end in time after SIGTERM')
  return [...new Set(found)]
}

function line({ name, peakBytes, slowestMs, retries, endS }: Outcome): string {
  const peak = `${Math.round(peakBytes / 1024 / 1024)} MB`
  const slowest = `${Math.round(slowestMs)} ms`
  const end = endS === undefined ? 'killed' : `${endS.toFixed(1)} s`
  return `| ${name} | ${peak} | ${slowest} | ${retries} | ${end} |`
}

say(`attacking ${entry}`)
say('| Abuse | peak memory | slowest answer | retries | end after SIGTERM |')
say('|---|---|---|---|---|')
let failed = 0
for (const abuse of abuses) {
  const outcome = await suffer(abuse)
  say(line(outcome))
  const found = verdict(outcome)
  for (const problem of found.slice(0, 10)) say(`  - ${problem}`)
  if (found.length > 0) failed += 1
}
say(
  `${abuses.length - failed} of ${abuses.length} within bounds ` +
    `(${MAX_PEAK_BYTES / 1024 / 1024} MB, ${MAX_ANSWER_MS} ms, ${MAX_END_S} s)`,
)
process.exit(failed === 0 ? 0 : 1)
