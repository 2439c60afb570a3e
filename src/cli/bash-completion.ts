/** Completion for bash, as a script that stands for itself: no program runs when Tab is pressed. */
import { allCommands, type CommandNode } from './command-tree.ts'

export function bashCompletion(root: CommandNode): string {
  const commands = allCommands(root)
  const steps = commands.filter(({ path }) => path !== '').map(({ path }) => quoted(stepOf(path)))
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ long, choices }) =>
          `    ${quoted(`${path}:${long}`)}) words=${quoted(choices.join(' '))} ;;`,
      ),
  )
  const words = commands.map(
    (command) => `    ${quoted(`${command.path}:`)}*) words=${quoted(wordsOf(command))} ;;`,
  )
  return `# Completion of claude-telemetry for bash: source <(claude-telemetry completion bash)
_claude_telemetry() {
  local at='' word words='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$at $word" in
      ${steps.join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:\${COMP_WORDS[COMP_CWORD - 1]}" in
${[...values, ...words].join('\n')}
  esac
  # None of them holds a space, and the bash of macOS knows no mapfile.
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")) || :
}
complete -F _claude_telemetry claude-telemetry
`
}

/** The names so far, and the one that leads on. */
function stepOf(path: string): string {
  const names = path.split(' ')
  return `${names.slice(0, -1).join(' ')} ${names.at(-1)}`
}

function wordsOf({ children, options, argumentChoices }: CommandNode): string {
  const names = children.map(({ path }) => path.split(' ').at(-1))
  return [...names, ...argumentChoices, ...options.map(({ long }) => long)].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
