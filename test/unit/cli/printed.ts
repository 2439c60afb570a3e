/** A terminal whose text can be looked at. */
import { createTerminal, type Terminal, type TextLine } from '../../../src/cli/terminal.ts'

export interface Screen {
  readonly columns?: number
  readonly isTTY?: boolean
  readonly variables?: Readonly<Record<string, string>>
}

/** One of so many columns; without them, a pipe. */
export function terminalOf(
  { columns, isTTY = columns !== undefined, variables = {} }: Screen,
  take: (text: string) => void = () => {},
): Terminal {
  const size = columns === undefined ? {} : { columns }
  return createTerminal({ isTTY, ...size, write: take }, variables)
}

/** What the lines become there, without the last line end. */
export function printed(lines: readonly TextLine[], screen: Screen = {}): string {
  let text = ''
  terminalOf(screen, (more) => {
    text += more
  }).print(lines)
  return text.replace(/\n$/, '')
}
