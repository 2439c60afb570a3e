/**
 * `npm run test:secrets`: at least 300 secrets of every kind and 300 look-alikes from end to end.
 * Prints how many leaked, how many look-alikes were touched, and what secretlint finds. Ends with 1 when
 * any secret leaked, more than 2 % of the look-alikes were touched, or secretlint finds a secret in what
 * was kept or none in what was sent. `node scripts/secrets/run.ts 7` is another seed.
 */
import { generateLookAlikes, generateSecrets } from './generate.ts'
import { seeded } from './seeded.ts'
import { transports } from './requests.ts'
import { runTrial } from './trial.ts'

const LEAST = 300
const MOST_TOUCHED = 0.02

const seed = Number(process.argv[2] ?? 1)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

/** Of so many seeds that there are enough, each once. */
function enough<T>(generate: (seed: number) => readonly T[]): T[] {
  const all = new Set<T>()
  for (let n = 0; all.size < LEAST; n += 1) {
    for (const each of generate(seed * 1000 + n)) all.add(each)
  }
  return [...all]
}

const secrets = enough((of) => generateSecrets(seeded(of)))
const lookAlikes = enough((of) => generateLookAlikes(seeded(of)))
const { leaks, touched, foundInSent, foundInKept, bytes } = await runTrial(secrets, lookAlikes)

const kinds = new Set(secrets.map(({ kind }) => kind)).size
const leaked = new Set(leaks.map(({ kind }) => kind)).size
say(
  `secrets: ${secrets.length} of ${kinds} kinds over ${transports.join(', ')}; leaked: ${leaks.length} (${leaked} kinds)`,
)
for (const { kind, place } of leaks.slice(0, 50)) say(`  ${kind}: ${place}`)
const share = (touched.length / lookAlikes.length) * 100
say(`look-alikes: ${lookAlikes.length}; touched: ${touched.length} (${share.toFixed(1)} %)`)
for (const text of touched.slice(0, 20)) say(`  ${JSON.stringify(text.slice(0, 150))}`)
say(
  `secretlint: ${foundInSent.length} secrets in what was sent, ${foundInKept.length} in what was kept`,
)
for (const found of foundInKept.slice(0, 20)) say(`  ${found}`)
say(`searched: ${(bytes / 1e6).toFixed(0)} MB of data folder, log, API and Langfuse`)
const isOracleSound = foundInSent.length > 0 && foundInKept.length === 0
process.exitCode = leaks.length > 0 || share > MOST_TOUCHED * 100 || !isOracleSound ? 1 : 0
