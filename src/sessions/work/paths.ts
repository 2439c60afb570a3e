/**
 * Paths of folders as commands, hooks and transcripts write them, of whatever system: with one name for
 * the same folder. Nothing here looks at a disk.
 */

/** No system has longer ones, and what goes on from each other would take ever longer. */
const MAX_PATH_LENGTH = 4096

/** A path of which only its last part is known, as transcripts have it, holds whatever has that part. */
export function isWithin(path: string, folder: string): boolean {
  if (path === folder || path.startsWith(`${folder}/`)) return true
  return !isWhole(folder) && partsOf(path).includes(folder)
}

/** Whether it says by itself which folder it is. */
export function isWhole(path: string): boolean {
  return /^(?:[/~]|[A-Za-z]:)/.test(path)
}

/** The names of its folders. */
export function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '..' && part !== '~')
}

/**
 * A folder seen from another one; undefined is the session's own, and any that a variable names. The user's
 * home is `~`, and the same folder has one name on all systems.
 */
export function joined(from: string | undefined, to: string | undefined): string | undefined {
  const told = to?.replace(/^(?:\$HOME|\$\{HOME\})(?=[/\\]|$)/, '~')
  if (told === undefined || told === '' || /[$`*?]/.test(told)) return from
  const path = from === undefined || isWhole(told) ? told : `${from}/${told}`
  if (path.length > MAX_PATH_LENGTH) return from
  const parts: string[] = []
  for (const part of path.split(/[/\\]/)) {
    if (part === '' || part === '.') continue
    const last = parts.at(-1)
    if (part === '..' && last !== undefined && last !== '..') parts.pop()
    else parts.push(part)
  }
  if (path.startsWith('/')) return plain(`/${parts.join('/')}`)
  return parts.length === 0 ? undefined : plain(parts.join('/'))
}

const HOME = /^(?:\/(?:home|Users)\/[^/]+|\/root|[a-z]:\/Users\/[^/]+)(?=\/|$)/

function plain(path: string): string {
  return path
    .replace(/^(?:\/([A-Za-z])(?=\/)|([A-Za-z]):(?=\/|$))/, (_, a?: string, b?: string) => {
      return `${(a ?? b ?? '').toLowerCase()}:`
    })
    .replace(/^\/private(?=\/(?:tmp|var|etc)(?:\/|$))/, '')
    .replace(HOME, '~')
}
