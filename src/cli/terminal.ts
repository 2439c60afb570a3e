/**
 * Where a command writes, and what can be shown there: colours only on a terminal, and never
 * where `NO_COLOR` is set (https://no-color.org). Knows no process.
 */
import { styleText } from 'node:util'

export interface Terminal {
  /** A person looks at it; not a pipe or a file. */
  readonly isInteractive: boolean
  readonly columns: number
  readonly hasColours: boolean
  write(text: string): void
  /** Resolves once whoever reads has taken enough, so that much can be written without piling up. */
  flushed(): Promise<void>
}

/** The facts of a stream that make it a terminal. */
interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly writableNeedDrain?: boolean
  write(text: string): unknown
  once?(event: 'drain', listener: () => void): unknown
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'gray' | 'bold'

/** Width of what is not a terminal: nothing is wrapped for the sake of a pipe. */
const PIPE_COLUMNS = 120

export function createTerminal(
  stream: Stream,
  variables: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isInteractive = stream.isTTY === true
  const isPlain = (variables.NO_COLOR ?? '') !== '' || variables.TERM === 'dumb'
  return {
    isInteractive,
    columns: stream.columns ?? PIPE_COLUMNS,
    hasColours: isInteractive && !isPlain,
    write: (text) => {
      stream.write(text)
    },
    flushed: () =>
      new Promise((resolve) => {
        if (stream.writableNeedDrain !== true || stream.once === undefined) resolve()
        else stream.once('drain', resolve)
      }),
  }
}

/** The text in a colour where colours are to be had, else as it is. */
export function paint({ hasColours }: Terminal, colour: Colour, text: string): string {
  return hasColours ? styleText(colour, text, { validateStream: false }) : text
}
