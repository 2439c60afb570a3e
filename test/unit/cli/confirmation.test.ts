/** The question before something that cannot be undone. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createAsk } from '../../../src/cli/confirmation.ts'

async function asked(question: string, answer: string, isTerminal = false) {
  const input = new PassThrough()
  const output = Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 80 })
  let shown = ''
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  input.write(answer)
  const isYes = await createAsk(input, output)(question)
  return { isYes, shown }
}

test.each([
  ['y\n', true],
  [' YES \n', true],
  ['n\n', false],
  ['\n', false],
  ['yes please\n', false],
])('%j', async (answer, isYes) => {
  expect(await asked('Go on?', answer)).toEqual({ isYes, shown: 'Go on? [y/N] ' })
})

test('is one line, whatever it names', async () => {
  const { shown } = await asked('Delete x\nNothing.\r\u001b[2K\u001b]52;c;eA==\u0007?', 'n\n')
  expect(shown).toBe('Delete x Nothing. ? [y/N] ')
})

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s is a no', async (_, key) => {
  expect(await asked('Go on?', key, true)).toMatchObject({ isYes: false })
})
