/** The commands, from the program itself. */
import { PassThrough } from 'node:stream'
import { allCommands, commandTree } from '../../src/cli/command-tree.ts'
import { createProgram } from '../../src/cli/program.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { settingsOf } from '../../src/config/settings.ts'
import { ok } from '../../src/domain/result.ts'
import { markdownTable } from './markdown-table.ts'

/** What `-h` does is known. */
const UNSHOWN = new Set(['--help', '--version'])

export function commandsSection(): string {
  const commands = allCommands(commandTree(describedProgram()))
  const rows = commands
    .filter(({ path, children }) => path !== '' && children.length === 0)
    .map(({ usage, summary, options }) => {
      const shown = options
        .filter(({ long }) => !UNSHOWN.has(long))
        .map(({ long }) => `\`${long}\``)
      return [`\`${usage}\``, summary.replace(/\.$/, ''), shown.join(' ')]
    })
  return markdownTable(['Command', 'What it does', 'Options'], rows)
}

/** A program that is looked at and never run. */
export function describedProgram() {
  const terminal = createTerminal({ write: () => true }, {})
  return createProgram(
    {
      args: [],
      shellVariables: {},
      readSettings: () => ok(settingsOf({}, [])),
      platform: { os: 'linux', homeDir: '/', workingDir: '/' },
      productVersion: '',
      program: { nodePath: '', mainPath: '' },
      userId: undefined,
      stdout: terminal,
      stderr: terminal,
      now: () => 0,
      readSecret: async () => '',
      transcripts: {
        folders: () => [],
        importHere: async () => ({ ok: false, error: 'nothing is imported here' }),
        watchHere: async () => ({ ok: false, error: 'nothing is followed here' }),
      },
      readInput: async () => '',
      streams: { input: new PassThrough(), output: new PassThrough() },
      onStop: () => () => {},
      serve: async () => ok({ url: 'http://127.0.0.1:4318' }),
    },
    async () => {},
  )
}
