/** How fast API bodies are masked: a conversation as JSON with code, prose, and a secret now and then. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRecordMasker } from '../../src/processors/redact/record-masker.ts'
import { generateSecrets } from '../secrets/generate.ts'
import { seeded } from '../secrets/seeded.ts'

const BODY_BYTES = 1_000_000
const RUNS = 20

/** MB a second, of the best of several runs. */
export function maskedBodiesPerSecond(): number {
  const { maskText } = createRecordMasker({
    mode: 'on',
    attributes: new Set(),
    userRules: [],
    content: new Set(),
  })
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
