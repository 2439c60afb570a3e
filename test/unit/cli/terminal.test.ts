/** The one place that writes: what reaches a stream is text, our styles and our line editing. */
import { styleText } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { styled, type Terminal } from '../../../src/cli/terminal.ts'
import { printed, type Screen, terminalOf } from './printed.ts'

const written = (use: (terminal: Terminal) => void, screen: Screen) => {
  let text = ''
  use(
    terminalOf(screen, (more) => {
      text += more
    }),
  )
  return text
}
const tty = { columns: 80 }

describe('lines', () => {
  test('end where they end, and nowhere else', () => {
    expect(printed(['a\nb', ['c\r', styled('red', 'd\u2028e')]])).toBe('a b\nc d e')
    expect(written((terminal) => terminal.print([]), tty)).toBe('')
  })

  test('have our styles and no other', () => {
    const evil = '\u001b[8mhidden\u001b[0m \u001b[31mred'
    expect(printed([[styled('green', evil), evil]], tty)).toBe(
      `${styleText('green', 'hidden red', { validateStream: false })}hidden red`,
    )
  })

  test.each<[string, Screen]>([
    ['in a pipe', {}],
    ['with NO_COLOR', { ...tty, variables: { NO_COLOR: '1' } }],
    ['on a dumb terminal', { ...tty, variables: { TERM: 'dumb' } }],
  ])('have no styles %s', (_, screen) => {
    expect(printed([[styled('bold', 'a'), 'b']], screen)).toBe('ab')
  })

  test('without styles nothing but text and their ends is written, whatever they say', () => {
    const line = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = written((terminal) => terminal.print(lines), tty)
        expect(text.split('\n')).toHaveLength(lines.length + 1)
        expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u)
      }),
      { numRuns: 1000 },
    )
  })
})

test('a text keeps its line ends and tabs', () => {
  expect(written((terminal) => terminal.write('a\n\tb\u001b]52;c;eA==\u0007\r\n'), tty)).toBe(
    'a\n\tb \n',
  )
})

describe('a line that is drawn again', () => {
  const redrawn = (screen: Screen) =>
    written((terminal) => terminal.redraw('50%\n\u001b[2J'), screen)

  test('clears what was there', () => expect(redrawn(tty)).toBe('\r\u001b[2K50% '))

  test('is not drawn where lines cannot be edited', () => {
    expect([redrawn({}), redrawn({ ...tty, variables: { TERM: 'dumb' } })]).toEqual(['', ''])
  })
})
