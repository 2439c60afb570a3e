/** The folders of the product, by the customs of each platform: a user's settings, and the data. */
import { posix, win32 } from 'node:path'

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

/** Facts about the machine, handed in so that this stays a function of its input. */
export interface Platform {
  /** `process.platform`. */
  readonly os: string
  readonly homeDir: string
  readonly workingDir: string
  /** The clone that the program runs from; absent when it was installed as a package. */
  readonly cloneDir?: string
}

/** The absolute folder for `given`, or the platform's default when it is not set. */
export function dataDirOf(
  given: string | undefined,
  variables: Variables,
  platform: Platform,
): string {
  if (given !== undefined) return absoluteFolder(given, platform)
  const path = platform.os === 'win32' ? win32 : posix
  return path.join(dataHomeOf(variables, platform), FOLDER)
}

/** The folder that a person means: `~` is their home, and a relative path begins here. */
export function absoluteFolder(given: string, platform: Platform): string {
  const path = platform.os === 'win32' ? win32 : posix
  const expanded = /^~(?=$|[/\\])/.test(given) ? path.join(platform.homeDir, given.slice(1)) : given
  return path.resolve(platform.workingDir, expanded)
}

function dataHomeOf(variables: Variables, platform: Platform): string {
  const { homeDir } = platform
  if (platform.os === 'win32') {
    return variables.LOCALAPPDATA ?? win32.join(homeDir, 'AppData', 'Local')
  }
  if (platform.os === 'darwin') return posix.join(homeDir, 'Library', 'Application Support')
  const given = variables.XDG_DATA_HOME ?? ''
  // The XDG specification has relative paths ignored.
  return posix.isAbsolute(given) ? given : posix.join(homeDir, '.local', 'share')
}
