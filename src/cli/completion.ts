/** `completion bash|zsh|fish`: prints a script, made from the program's own commands. */
import { Argument, type Command } from 'commander'
import { ok } from '../domain/result.ts'
import { SHELLS, type Shell } from '../setup/shell-block.ts'
import { bashCompletion } from './bash-completion.ts'
import { type CommandNode, commandTree } from './command-tree.ts'
import { fishCompletion } from './fish-completion.ts'
import type { Conclude } from './outcome.ts'
import { zshCompletion } from './zsh-completion.ts'

const scripts: Readonly<Record<Shell, (root: CommandNode) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export function addCompletion(program: Command, concluded: Conclude): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description(
      'Prints a script that completes commands and options. To load it in every shell:\n' +
        '  bash  source <(claude-telemetry completion bash)      in ~/.bashrc\n' +
        '  zsh   source <(claude-telemetry completion zsh)       in ~/.zshrc, after compinit\n' +
        '  fish  claude-telemetry completion fish | source       in ~/.config/fish/config.fish',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => {
      const document = scripts[shell](commandTree(program)).trimEnd()
      return concluded(Promise.resolve(ok({ document })))
    })
}
