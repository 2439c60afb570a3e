/**
 * Where a command writes. Commands hand over lines and documents; how they look, and that nothing in
 * them acts on the terminal, is decided here, in the one place that writes to a stream. So whatever
 * a session, a file or a server put into a text, a terminal gets our colours and our line editing
 * and nothing else. Knows no process.
 */
import { styleText } from 'node:util'
import { safeBlock, safeLine } from '../domain/safe-text.ts'

export type Style = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'gray' | 'bold'

/** A part of a line that stands out where colours are to be had. */
export interface Styled {
  readonly style: Style
  readonly text: string
}

/** What stands on one line. A line end in a text of it is shown as a space. */
export type TextLine = string | readonly (string | Styled)[]

export interface Terminal {
  /** A person looks at it; not a pipe or a file. */
  readonly isInteractive: boolean
  readonly columns: number
  readonly rows: number
  /** Only on a terminal, and never where `NO_COLOR` is set (https://no-color.org). */
  readonly hasColours: boolean
  /** Writes each on a line of its own. */
  print(lines: readonly TextLine[]): void
  /** Writes a text with its own line ends, such as JSON, CSV or the help. It has no styles. */
  write(text: string): void
  /** On a terminal that can edit lines: shows this in place of what was shown last; '' clears it. */
  redraw(line: string): void
  /**
   * Takes the whole terminal until it is closed, when it looks as before; undefined where there is none
   * that can do that.
   */
  openScreen(): Screen | undefined
  /** Resolves once whoever reads has taken enough, so that much can be written without piling up. */
  flushed(): Promise<void>
}

/** The whole of a terminal, drawn anew as often as wanted. */
export interface Screen {
  /** Shows these lines from the top; those that have no room are left out. */
  show(lines: readonly TextLine[]): void
  close(): void
}

/** The facts of a stream that make it a terminal. */
interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly writableNeedDrain?: boolean
  write(text: string): unknown
  once?(event: 'drain', listener: () => void): unknown
}

/** Width of what is not a terminal: nothing is wrapped for the sake of a pipe. */
const PIPE_COLUMNS = 120
const USUAL_ROWS = 24
/** To the first column, and erase the line (ECMA-48: CR, EL 2). */
const CLEAR_LINE = '\r\u001b[2K'
/**
 * The other screen of a terminal, with no cursor on it and no line that goes on in the next one (xterm:
 * DECSET 1049, DECTCEM, DECAWM).
 */
const OPEN_SCREEN = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const CLOSE_SCREEN = '\u001b[?7h\u001b[?25h\u001b[?1049l'
/** To the first position; erase to the end of the line, and of the screen (ECMA-48: CUP, EL 0, ED 0). */
const HOME = '\u001b[H'
const ERASE_LINE = '\u001b[K'
const ERASE_BELOW = '\u001b[J'

export function createTerminal(
  stream: Stream,
  variables: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isInteractive = stream.isTTY === true
  const isDumb = variables.TERM === 'dumb'
  const hasColours = isInteractive && !isDumb && (variables.NO_COLOR ?? '') === ''
  return {
    isInteractive,
    // A window may change its size.
    get columns() {
      return stream.columns ?? PIPE_COLUMNS
    },
    get rows() {
      return stream.rows ?? USUAL_ROWS
    },
    hasColours,
    print: (lines) => {
      if (lines.length === 0) return
      stream.write(lines.map((line) => `${rendered(line, hasColours)}\n`).join(''))
    },
    write: (text) => {
      stream.write(safeBlock(text))
    },
    redraw: (line) => {
      if (isInteractive && !isDumb) stream.write(`${CLEAR_LINE}${safeLine(line)}`)
    },
    openScreen: () => {
      if (!isInteractive || isDumb) return undefined
      stream.write(OPEN_SCREEN)
      return {
        show: (lines) => {
          const shown = lines.slice(0, stream.rows ?? USUAL_ROWS)
          const text = shown.map((line) => `${rendered(line, hasColours)}${ERASE_LINE}`)
          // Without a line end behind the last one, which would scroll.
          stream.write(`${HOME}${text.join('\r\n')}${ERASE_BELOW}`)
        },
        close: () => {
          stream.write(CLOSE_SCREEN)
        },
      }
    },
    flushed: () =>
      new Promise((resolve) => {
        if (stream.writableNeedDrain !== true || stream.once === undefined) resolve()
        else stream.once('drain', resolve)
      }),
  }
}

export function styled(style: Style, text: string): Styled {
  return { style, text }
}

function rendered(line: TextLine, hasColours: boolean): string {
  if (typeof line === 'string') return safeLine(line)
  return line
    .map((part) => {
      if (typeof part === 'string') return safeLine(part)
      const text = safeLine(part.text)
      return hasColours ? styleText(part.style, text, { validateStream: false }) : text
    })
    .join('')
}
