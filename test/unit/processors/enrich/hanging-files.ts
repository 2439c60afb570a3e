/** A file system of which some paths do not answer, until they do. */
import { lstat, open, realpath, stat } from 'node:fs/promises'
import type { FileSystem } from '../../../../src/processors/enrich/file-reader.ts'

export interface HangingFiles {
  readonly files: FileSystem
  /** Operations that were begun, on any path. */
  begun(): number
  /** At once. */
  mostAtOnce(): number
  /** Has the paths answer from now on, and those who wait for them. */
  heal(): void
}

/** Paths that `isHanging` names do not answer; all others are those of the machine. */
export function createHangingFiles(isHanging: (path: string) => boolean): HangingFiles {
  const healed = Promise.withResolvers<void>()
  let isHealed = false
  let begun = 0
  let running = 0
  let most = 0

  const through =
    <A extends unknown[], T>(operation: (path: string, ...rest: A) => Promise<T>) =>
    async (path: string, ...rest: A): Promise<T> => {
      begun += 1
      running += 1
      most = Math.max(most, running)
      try {
        if (isHanging(path) && !isHealed) await healed.promise
        return await operation(path, ...rest)
      } finally {
        running -= 1
      }
    }

  return {
    files: {
      stat: through((path: string) => stat(path)),
      lstat: through((path: string) => lstat(path)),
      realpath: through((path: string) => realpath(path)),
      open: through((path: string, flags: number) => open(path, flags)),
    },
    begun: () => begun,
    mostAtOnce: () => most,
    heal: () => {
      isHealed = true
      healed.resolve()
    },
  }
}
