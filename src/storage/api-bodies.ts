/**
 * The folder for raw API bodies that `install --content api-bodies` names to the agent. The agent
 * writes a file for each request and each answer, as they are: nothing in them is masked. What
 * telemetry names is stored masked when it comes, so a file is not needed for long.
 */
import { lstat, opendir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export function apiBodyFolder(dataDir: string): string {
  return join(dataDir, 'api-bodies')
}

/** How many files there are. Rejects with what the operating system says. */
export async function countApiBodies(dataDir: string): Promise<number> {
  let count = 0
  for await (const _ of bodyFiles(dataDir)) count += 1
  return count
}

/**
 * Deletes the files that were last written before `beforeMs` (epoch ms), and returns their number.
 * Rejects with what the operating system says.
 */
export async function removeApiBodies(
  dataDir: string,
  beforeMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  let count = 0
  for await (const { path, writtenMs } of bodyFiles(dataDir)) {
    if (writtenMs < beforeMs && (await removed(path))) count += 1
  }
  return count
}

interface BodyFile {
  readonly path: string
  /** Epoch ms. */
  readonly writtenMs: number
}

/** Regular files directly in the folder. Links are not followed, not even one in the folder's place. */
async function* bodyFiles(dataDir: string): AsyncGenerator<BodyFile> {
  const folder = apiBodyFolder(dataDir)
  const found = await unlessMissing(lstat(folder))
  if (found?.isDirectory() !== true) return
  for await (const { name } of await opendir(folder)) {
    const path = join(folder, name)
    const file = await unlessMissing(lstat(path))
    if (file?.isFile() === true) yield { path, writtenMs: file.mtimeMs }
  }
}

/** False where somebody else deleted it first. */
async function removed(path: string): Promise<boolean> {
  return (await unlessMissing(unlink(path).then(() => true))) ?? false
}

async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
