/** Completion for fish, with descriptions. */
import { allCommands, type CommandNode, type OptionNode } from './command-tree.ts'

export function fishCompletion(root: CommandNode): string {
  const commands = allCommands(root)
  const steps = commands
    .filter(({ path }) => path !== '')
    .map(({ path }) =>
      quoted(`${path.split(' ').slice(0, -1).join(' ')} ${path.split(' ').at(-1)}`),
    )
  return `# Completion of claude-telemetry for fish: claude-telemetry completion fish | source
function __claude_telemetry_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${steps.join(' ')}
                set at (string trim "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end
complete -c claude-telemetry -f
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, children, options, argumentChoices }: CommandNode): string[] {
  const head = `complete -c claude-telemetry -n ${quoted(`__claude_telemetry_at ${quoted(path)}`)}`
  return [
    ...children.map(
      (child) =>
        `${head} -a ${quoted(child.path.split(' ').at(-1) ?? '')} -d ${quoted(child.summary)}`,
    ),
    ...argumentChoices.map((choice) => `${head} -a ${quoted(choice)}`),
    ...options.map((option) => `${head} ${flagsOf(option)} -d ${quoted(option.description)}`),
  ]
}

function flagsOf({ long, short, takesValue, choices }: OptionNode): string {
  const flags = [`-l ${long.slice(2)}`]
  if (short !== undefined) flags.push(`-s ${short.slice(1)}`)
  if (takesValue) flags.push('-x')
  if (choices.length > 0) flags.push(`-a ${quoted(choices.join(' '))}`)
  return flags.join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
