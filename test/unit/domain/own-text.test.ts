/** What is cut of a long text does not keep that in memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { ownText } from '../../../src/domain/own-text.ts'
import { boundedItem } from '../../../src/processors/bounded-item.ts'
import { cutText } from '../../../src/receivers/transcripts/source.ts'
import { cut } from '../../../src/sessions/content.ts'
import { prompt } from '../sessions/events.ts'

test.each(['', 'plain', 'é\u00ff\u0000', '☃ and more', '\ud800 alone', 'pair 😀'])(
  '%j is the same',
  (text) => {
    expect(ownText(text)).toBe(text)
  },
)

const MB = 1024 * 1024

test.each([
  ['ownText', (text: string) => ownText(text.slice(0, 1000))],
  ['a shown text', (text: string) => cut(text, 1000)],
  ['a text of a transcript', (text: string) => cutText(text)],
  ['a name', (text: string) => boundedItem(prompt(0, 'do it', { name: text })).name],
])('%s that is cut takes the memory of what is left', (_, shorten) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept: string[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < 40; index += 1) kept.push(shorten(`☃${'x'.repeat(2 * MB)}${index}`))
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(40 * MB)
  expect(kept).toHaveLength(40)
})
