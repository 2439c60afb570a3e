/** One event of the live feed as a line: when, which session, what. Pure. */
import type { LiveEvent } from '../web/contract/live.ts'
import { countText, durationText, usdText } from './figures.ts'
import { cutTo, plainLine } from './plain-text.ts'
import { shortId } from './session-table.ts'
import { type Colour, paint, type Terminal } from './terminal.ts'
import { clockText } from './zoned-time.ts'

const KIND_WIDTH = 8

const colours: Readonly<Record<LiveEvent['kind'], Colour>> = {
  prompt: 'cyan',
  call: 'blue',
  answer: 'green',
  tool: 'magenta',
  decision: 'gray',
  error: 'red',
  note: 'gray',
  hook: 'gray',
}

export function liveLine(event: LiveEvent, terminal: Terminal, timeZone: string): string {
  const { kind, level, sessionKey, timeMs } = event
  const head = `${clockText(timeMs, timeZone)}  ${shortId(sessionIdIn(sessionKey))}  `
  const room = terminal.isInteractive ? terminal.columns - head.length - KIND_WIDTH - 2 : undefined
  const told = plainLine(wordsOf(event))
  const text = room === undefined ? told : cutTo(told, Math.max(10, room))
  const colour = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : colours[kind]
  const what = paint(terminal, colour, kind.padEnd(KIND_WIDTH))
  const body = level === 'default' ? text : paint(terminal, colour, text)
  return `${paint(terminal, 'gray', head)}${what}  ${body}`.trimEnd()
}

/** `<agent>/<session id>`; agents have no slash in their names. */
export function sessionIdIn(sessionKey: string): string {
  return sessionKey.slice(sessionKey.indexOf('/') + 1)
}

function wordsOf({ subject, text, tokens, costUsd, durationMs, name }: LiveEvent): string {
  const figures = [
    tokens === null ? undefined : `${countText(tokens)} tokens`,
    costUsd === null ? undefined : usdText(costUsd),
    durationMs === null ? undefined : durationText(durationMs),
  ].filter((figure) => figure !== undefined)
  const parts = [subject, figures.length === 0 ? null : figures.join(', '), text]
  const words = parts.filter((part) => part !== null && part !== '').join('  ')
  return words === '' ? name : words
}
