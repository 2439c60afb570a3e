/** Shells whose syntax is that of sh, and which of them this machine has. */
import { spawnSync } from 'node:child_process'

export interface Shell {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly isHere: boolean
}

const commands: readonly (readonly [string, ...string[]])[] = [
  ['bash'],
  ['sh'],
  ['dash'],
  ['zsh'],
  ['ksh'],
  ['mksh'],
  ['busybox', 'sh'],
]

export const shells: readonly Shell[] = commands.map((command) => ({
  name: command.join(' '),
  command,
  isHere: hasShell(command),
}))

export function hasShell([program, ...args]: readonly [string, ...string[]]): boolean {
  return spawnSync(program, [...args, '-c', 'exit 0'], { stdio: 'ignore' }).status === 0
}
