import { describe, expect, it } from 'vitest'
import { scoreIdOf, spanIdOf, traceIdOf, validId } from '../../../src/exporters/ids.ts'

describe('ids', () => {
  it('are what they were in the last release: stored sessions must keep theirs', () => {
    expect(traceIdOf('claude-code/s-1/turn-1')).toBe('836d4f99a070c206770564826b6cffc5')
    expect(spanIdOf('claude-code/s-1/turn-1', 'root')).toBe('b2ab4f1f098bfb2d')
    expect(scoreIdOf({ sessionKey: 'claude-code/s-1', key: 'quality' })).toBe(
      '0a2966737973cfd7574f77761d1bda27',
    )
  })

  it.each([
    ['another trace', spanIdOf('a', 'b'), spanIdOf('c', 'b')],
    ['another key', spanIdOf('a', 'b'), spanIdOf('a', 'c')],
    ['the same text divided elsewhere', spanIdOf('ab', 'c'), spanIdOf('a', 'bc')],
    [
      'another session',
      scoreIdOf({ sessionKey: 'a', key: 'q' }),
      scoreIdOf({ sessionKey: 'b', key: 'q' }),
    ],
    ['a score of the same key', traceIdOf('a'), scoreIdOf({ sessionKey: 'a', key: 'a' })],
  ])('differ for %s', (_what, one, other) => {
    expect(one).not.toBe(other)
  })

  it.each([
    ['0000000000000000', '0000000000000001'],
    ['0000000000000010', '0000000000000010'],
  ])('are never all zero: %s', (digits, id) => {
    expect(validId(digits)).toBe(id)
  })
})
