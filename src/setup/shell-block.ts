/**
 * The marked block in a shell's start-up file. Pure. Texts are bytes in Latin-1, so that a file in
 * any encoding comes out as it went in. The block has plain line feeds in every file: a shell
 * counts a carriage return as part of the value.
 */
import type { TelemetryVariables } from './telemetry-environment.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const BEGIN = '# >>> claude-telemetry >>>'
const END = '# <<< claude-telemetry <<<'
const NOTE = '# Written by "claude-telemetry install"; "claude-telemetry uninstall" takes it out.'

const BLOCK = new RegExp(`(\\r?\\n)?^${BEGIN}$[\\s\\S]*?^${END}$(\\r?\\n)?`, 'm')

/** Lines that set the variables, in the shell's syntax; sh's is that of bash and zsh. */
export function exportLines(shell: Shell, variables: TelemetryVariables): string {
  return Object.entries(variables)
    .map(([name, value]) =>
      shell === 'fish' ? `set -gx ${name} ${fishQuoted(value)}` : `export ${name}=${quoted(value)}`,
    )
    .join('\n')
}

/** The text with the block at its end; one that is there gives way. */
export function withBlock(
  text: string | undefined,
  shell: Shell,
  variables: TelemetryVariables,
): string {
  const rest = withoutBlock(text ?? '')
  const block = [BEGIN, NOTE, exportLines(shell, variables), END].join('\n')
  // A last line without its end gets none from us, so that taking the block out can give it back.
  if (rest !== '' && !rest.endsWith('\n')) return `${rest}\n${block}`
  return `${rest}${block}\n`
}

/** The text as it was before `withBlock`. */
export function withoutBlock(text: string): string {
  return text.replace(BLOCK, (_, before: string | undefined, after: string | undefined) =>
    after === undefined ? '' : (before ?? ''),
  )
}

/** A word of a command to be copied into a shell: quoted where the shell would make more of it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : quoted(text)
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}

function fishQuoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
