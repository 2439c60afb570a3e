/**
 * Where Claude Code and the shells keep the files that `install` writes to, absolute: they are
 * remembered for an `uninstall` in another folder. Pure.
 */
import { posix, win32 } from 'node:path'
import { type Platform, xdgConfigHome } from '../config/folders.ts'
import { CLAUDE_CODE_PLACES } from './managed-settings.ts'
import type { Shell } from './shell-block.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The user's settings: `~/.claude/settings.json`, or where `CLAUDE_CONFIG_DIR` says. */
export function userSettingsPath(
  variables: Variables,
  { os, homeDir, workingDir }: Platform,
): string {
  const path = os === 'win32' ? win32 : posix
  const folder = given(variables.CLAUDE_CONFIG_DIR) ?? path.join(homeDir, '.claude')
  return path.resolve(workingDir, folder, 'settings.json')
}

/** What Claude Code remembers, and an `env` below that of the settings. */
export function globalConfigPath(variables: Variables, platform: Platform): string {
  const path = platform.os === 'win32' ? win32 : posix
  const folder = path.dirname(userSettingsPath(variables, platform))
  const isOwn = given(variables.CLAUDE_CONFIG_DIR) !== undefined
  return path.join(isOwn ? folder : path.dirname(folder), '.claude.json')
}

/** Settings of the organisation, which nothing overrides. */
export function managedSettingsPath({ os }: Platform): string {
  const { linux, macos, windows } = CLAUDE_CODE_PLACES
  return os === 'darwin' ? macos : os === 'win32' ? windows : linux
}

/** The file that an interactive shell reads at its start. */
export function shellFilePath(shell: Shell, variables: Variables, platform: Platform): string {
  const { os, homeDir, workingDir } = platform
  switch (shell) {
    case 'bash':
      // macOS opens login shells, and those read nothing else.
      return posix.join(homeDir, os === 'darwin' ? '.bash_profile' : '.bashrc')
    case 'zsh':
      return posix.resolve(workingDir, given(variables.ZDOTDIR) ?? homeDir, '.zshrc')
    case 'fish':
      return posix.join(xdgConfigHome(variables, platform), 'fish/config.fish')
  }
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
