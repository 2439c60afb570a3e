/**
 * Fuzzing: `npm run fuzz` sends a million hostile requests to a bridge and checks every answer,
 * that the process stays up, and that its memory stays flat. `npm run fuzz -- 50000 7` sends
 * fewer, with a seed of your own. Exits 1 when anything was wrong.
 */
import { fuzz, type FuzzReport } from './fuzz.ts'
import { memoryVerdict } from './memory.ts'

const DEFAULT_REQUESTS = 1_000_000

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`

const requests = Number(process.argv[2] ?? DEFAULT_REQUESTS)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
say(`${requests} requests, seed ${seed}`)

let nextTenth = requests / 10
const report = await fuzz({
  requests,
  seed,
  onProgress: (done, residentBytes) => {
    if (done < nextTenth) return
    nextTenth += requests / 10
    say(`${done} requests, resident memory ${mb(residentBytes)}`)
  },
})
print(report)
const memory = memoryVerdict(report.residentBytes)
say(
  `resident memory: second quarter ${mb(memory.secondQuarterBytes)}, last quarter ${mb(memory.lastQuarterBytes)}, ${memory.isFlat ? 'flat' : 'GROWING'}`,
)
for (const fault of report.faults) say(`FAULT ${fault}`)
if (report.faults.length > 0 || !memory.isFlat) {
  say(`repeat with: npm run fuzz -- ${requests} ${seed}`)
  process.exitCode = 1
}

function print({ requests: sent, seconds, counts, folderBytes }: FuzzReport): void {
  const answers = [...new Set([...counts.keys()].map((key) => key.split('|')[1] ?? ''))].sort()
  const labels = [...new Set([...counts.keys()].map((key) => key.split('|')[0] ?? ''))].sort()
  say(`${'request'.padEnd(24)}${answers.map((answer) => answer.padStart(9)).join('')}`)
  for (const label of labels) {
    const cells = answers.map((answer) => String(counts.get(`${label}|${answer}`) ?? ''))
    say(`${label.padEnd(24)}${cells.map((cell) => cell.padStart(9)).join('')}`)
  }
  const rate = (sent / seconds).toFixed(0)
  say(`${sent} requests in ${seconds.toFixed(0)} s (${rate}/s); data folder ${mb(folderBytes)}`)
}
