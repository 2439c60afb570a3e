/** Completion for zsh, with descriptions; to be sourced, or put into a folder of `$fpath`. */
import { allCommands, type CommandNode } from './command-tree.ts'

export function zshCompletion(root: CommandNode): string {
  const commands = allCommands(root)
  const steps = commands
    .filter(({ path }) => path !== '')
    .map(({ path }) =>
      quoted(`${path.split(' ').slice(0, -1).join(' ')} ${path.split(' ').at(-1)}`),
    )
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ long, choices }) => `    ${quoted(`${path}:${long}`)}) found=(${list(choices)}) ;;`),
  )
  const words = commands.map(
    (command) => `    ${quoted(`${command.path}:`)}*) found=(${list(candidates(command))}) ;;`,
  )
  return `#compdef claude-telemetry
# Completion of claude-telemetry for zsh: source <(claude-telemetry completion zsh)
_claude_telemetry() {
  local at='' word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${steps.join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:\${words[CURRENT-1]}" in
${[...values, ...words].join('\n')}
  esac
  _describe claude-telemetry found
}
if [[ $funcstack[1] == _claude-telemetry ]]; then
  _claude_telemetry "$@"
elif (( $+functions[compdef] )); then
  compdef _claude_telemetry claude-telemetry
else
  print -u2 'claude-telemetry: completion needs "autoload -Uz compinit && compinit" before it'
fi
`
}

/** Word and description; a colon parts the two. */
function candidates({ children, options, argumentChoices }: CommandNode): string[] {
  return [
    ...children.map(({ path, summary }) => `${path.split(' ').at(-1)}:${summary}`),
    ...argumentChoices,
    ...options.map(({ long, description }) => `${long}:${description}`),
  ]
}

function list(items: readonly string[]): string {
  return items.map(quoted).join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
