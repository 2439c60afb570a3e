/** Every command prints JSON for programs, but for those whose output is something else by nature. */
import { expect, test } from 'vitest'
import { allCommands, commandTree } from '../../../src/cli/command-tree.ts'
import { describedProgram } from '../../../scripts/docs/commands-section.ts'

/** What they print instead. */
const OTHERWISE: Readonly<Record<string, string>> = {
  open: 'opens the browser',
  statusline: 'a line for the agent',
  mcp: 'the protocol',
  watch: 'runs until it is stopped',
  export: 'a document of a format of its own',
  completion: 'a script of a shell',
}

test('each command has --json', () => {
  const commands = allCommands(commandTree(describedProgram())).filter(
    ({ path, children }) => path !== '' && children.length === 0,
  )
  const without = commands.filter(({ options }) => !options.some(({ long }) => long === '--json'))
  expect(without.map(({ path }) => path).sort()).toEqual(Object.keys(OTHERWISE).sort())
})
