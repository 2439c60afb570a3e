/** The files and folders of transcripts that a command reads: `import [paths...]`, `watch [paths...]`. */
import { resolve } from 'node:path'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { misused } from './outcome.ts'

export const TRANSCRIPT_PATHS = 'files or folders (default: where the agents keep them)'

/**
 * Reads `[paths...]`, absolute, against the current folder; without any, the folders of the agents that are
 * there when it is asked. An empty path would be the current folder, and mostly comes from a shell variable that
 * is not set, so it is refused.
 */
export function transcriptPaths({ platform, transcripts }: CliContext, paths: readonly string[]) {
  if (paths.includes('')) return misused('an empty path names no file or folder')
  if (paths.length === 0) return ok(() => transcripts.folders())
  const named = paths.map((path) => resolve(platform.workingDir, path))
  return ok(() => named)
}
