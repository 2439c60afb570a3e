/**
 * Where a user keeps settings of this product, apart from any project: a `.env` for every folder
 * that has none, and what `install` has to remember.
 */
import { posix, win32 } from 'node:path'
import type { Platform } from './data-dir.ts'

type Variables = Readonly<Record<string, string | undefined>>

const FOLDER = 'claude-telemetry'

/** The absolute folder: below `%APPDATA%` on Windows, else below the XDG config folder. */
export function configDirOf(variables: Variables, platform: Platform): string {
  if (platform.os === 'win32') {
    const roaming = variables.APPDATA ?? win32.join(platform.homeDir, 'AppData', 'Roaming')
    return win32.join(roaming, FOLDER)
  }
  return posix.join(xdgConfigHome(variables, platform), FOLDER)
}

/** `$XDG_CONFIG_HOME` where it is absolute, as its specification asks, else `~/.config`. */
export function xdgConfigHome(variables: Variables, { homeDir }: Platform): string {
  const given = variables.XDG_CONFIG_HOME ?? ''
  return posix.isAbsolute(given) ? given : posix.join(homeDir, '.config')
}
