/** Words of a command that a person copies into a shell. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from '../../../src/setup/shell-block.ts'

test.each([
  ['3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b', '3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b'],
  ['two words', "'two words'"],
  ['$(touch x); `y`', "'$(touch x); `y`'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
])('%j is one word', (text, word) => {
  expect(shellWord(text)).toBe(word)
  const { stdout } = spawnSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })
  expect(stdout).toBe(text)
})
