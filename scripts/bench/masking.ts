/** How fast API bodies are masked: a conversation as JSON with code, prose, and a secret now and then. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRecordMasker } from '../../src/processors/redact/record-masker.ts'
import { generateSecrets } from '../secrets/generate.ts'
import { seeded } from '../secrets/seeded.ts'

const BODY_BYTES = 1_000_000
const RUNS = 20

/** Texts that are made to cost as much as they can. */
const HOSTILE = [
  'api_key: token: secret ',
  'password: ',
  'token ',
  'PASSWORD=x ',
  'token="',
  'secret_key=abc ',
  '"key":"',
  'cookie=a',
  'eyJ',
  'https://a:b ',
  '-u a:b ',
]

const settings = {
  mode: 'on',
  attributes: new Set<string>(),
  userRules: [],
  content: new Set<never>(),
} as const

/** Milliseconds of the processor that a megabyte takes, of the worst hostile text. */
export function worstMillisecondsPerMegabyte(): number {
  const { maskText } = createRecordMasker(settings)
  const times = HOSTILE.map((part) => {
    // Flat, as a decoded text is.
    const text = Buffer.from(part.repeat(BODY_BYTES / part.length)).toString()
    let best = Number.POSITIVE_INFINITY
    for (let run = 0; run < 5; run += 1) {
      const before = process.threadCpuUsage()
      maskText(text)
      const { user, system } = process.threadCpuUsage(before)
      best = Math.min(best, (user + system) / 1000)
    }
    return best
  })
  return Math.max(...times)
}

/** MB a second, of the best of several runs. */
export function maskedBodiesPerSecond(): number {
  const { maskText } = createRecordMasker(settings)
  const body = createBody()
  let best = 0
  for (let run = 0; run < RUNS; run += 1) {
    const startMs = performance.now()
    maskText(body)
    const seconds = (performance.now() - startMs) / 1000
    best = Math.max(best, body.length / 1e6 / seconds)
  }
  return best
}

function createBody(): string {
  const code = readFileSync(join(import.meta.dirname, '../../src/sessions/reduce.ts'), 'utf8')
  const prose = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8')
  const secrets = generateSecrets(seeded(1))
  const messages: { role: string; content: string }[] = []
  for (let bytes = 0, n = 0; bytes < BODY_BYTES; n += 1) {
    const content = `${n % 2 === 0 ? code : prose}\n${secrets[n % secrets.length]?.text ?? ''}`
    messages.push({ role: n % 2 === 0 ? 'user' : 'assistant', content })
    bytes += content.length
  }
  return JSON.stringify({ model: 'm', messages })
}
