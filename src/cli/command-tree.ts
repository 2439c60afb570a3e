/**
 * The commands as plain data, from the program itself: what completion and the README are made of,
 * so that neither can go stale.
 */
import type { Argument, Command, Option } from 'commander'

export interface OptionNode {
  /** With its dashes. */
  readonly long: string
  readonly short: string | undefined
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly description: string
}

export interface CommandNode {
  /** Names from below the program on, e.g. `outbox list`; empty for the program itself. */
  readonly path: string
  /** How it is called, without the program's name. */
  readonly usage: string
  readonly summary: string
  readonly options: readonly OptionNode[]
  /** What its argument can be, where that is a few words. */
  readonly argumentChoices: readonly string[]
  readonly children: readonly CommandNode[]
}

export function commandTree(command: Command, path = ''): CommandNode {
  const help = command.createHelp()
  const children = help
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help')
    .map((child) => commandTree(child, `${path} ${child.name()}`.trim()))
  const [firstLine = ''] = command.description().split('\n')
  return {
    path,
    usage: [path, ...command.registeredArguments.map(argumentUsage)].join(' ').trim(),
    summary: command.summary() || firstLine,
    options: help.visibleOptions(command).flatMap(optionNode),
    argumentChoices: command.registeredArguments.flatMap(choicesOf),
    children,
  }
}

/** The command and all below it. */
export function allCommands(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(allCommands)]
}

/** As commander itself writes it in a usage line. */
function argumentUsage(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

function optionNode(option: Option): OptionNode[] {
  const { long, short, description } = option
  if (long == null) return []
  const takesValue = option.required || option.optional
  return [{ long, short: short ?? undefined, takesValue, choices: choicesOf(option), description }]
}

function choicesOf({ argChoices }: Option | Argument): readonly string[] {
  return argChoices ?? []
}
