/** One event of the live feed as a line: when, which session, what. Pure. */
import type { LiveEvent } from '../api/contract/live.ts'
import { liveWords } from '../api/contract/live-words.ts'
import { usdText } from '../domain/usd-text.ts'
import { countText, durationText } from '../domain/figure-text.ts'
import { cutTo, plainLine, widthOf } from './plain-text.ts'
import { shortId } from './session-table.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'
import { clockText } from './zoned-time.ts'

const KIND_WIDTH = 8

const styles: Readonly<Record<LiveEvent['kind'], Style>> = {
  prompt: 'cyan',
  call: 'blue',
  answer: 'green',
  tool: 'magenta',
  decision: 'gray',
  error: 'red',
  note: 'gray',
  hook: 'gray',
}

export function liveLine(event: LiveEvent, terminal: Terminal, timeZone: string): TextLine {
  const { kind, level, sessionKey, timeMs } = event
  const head = `${clockText(timeMs, timeZone)}  ${shortId(sessionIdIn(sessionKey))}  `
  const told = plainLine(wordsOf(event))
  const room = terminal.columns - widthOf(head) - KIND_WIDTH - 2
  const text = terminal.isInteractive ? cutTo(told, Math.max(10, room)) : told
  const style = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : styles[kind]
  return [
    styled('gray', head),
    styled(style, kind.padEnd(KIND_WIDTH)),
    '  ',
    level === 'default' ? text : styled(style, text),
  ]
}

/** `<agent>/<session id>`; agents have no slash in their names. */
export function sessionIdIn(sessionKey: string): string {
  return sessionKey.slice(sessionKey.indexOf('/') + 1)
}

function wordsOf(event: LiveEvent): string {
  const { summary, tokens, costUsd, durationMs } = event
  const { subject, text } = liveWords(event)
  const figures = [
    tokens === null ? undefined : `${countText(tokens)} tokens`,
    costUsd === null ? undefined : usdText(costUsd),
    durationMs === null ? undefined : durationText(durationMs),
  ].filter((figure) => figure !== undefined)
  const parts = [subject, summary, figures.length === 0 ? null : figures.join(', '), text]
  return parts.filter((part) => part !== null && part !== '').join('  ')
}
