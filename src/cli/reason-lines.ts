/** Why many things failed, each reason once and as a whole, below a table that cuts them. Pure. */
import { exactCountText } from '../domain/figure-text.ts'
import { widthOf } from './plain-text.ts'
import type { Terminal, TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

/** More are seldom read. */
const MAX_REASONS = 10

/** The most frequent first, with how often it is one. */
export function reasonLines(
  items: readonly { readonly reason: string }[],
  terminal: Terminal,
): readonly TextLine[] {
  const reasons = [...Map.groupBy(items, ({ reason }) => reason)]
    .map(([reason, of]) => ({ reason, count: exactCountText(of.length), size: of.length }))
    .toSorted((a, b) => b.size - a.size)
  const shown = reasons.slice(0, MAX_REASONS)
  const width = Math.max(0, ...shown.map(({ count }) => widthOf(count)))
  const left = reasons.length - shown.length
  return [
    ...shown.flatMap(({ reason, count }) => {
      const [first = '', ...more] = wrapped(reason, terminal, width + 2)
      return [`${count.padStart(width)}  ${first}`, ...more]
    }),
    ...(left > 0 ? [`and ${exactCountText(left)} more reasons`] : []),
  ]
}
