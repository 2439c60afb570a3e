/**
 * Folder, repository and branch of a path on this machine, read from git's files without
 * running git. Bounded in time and memory, remembered for a while; what cannot be read is
 * left out. Never throws.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Clock } from '../domain/clock.ts'
import { branchOf, remoteUrl, repositoryName } from './git-remote.ts'

const REMEMBERED_MS = 30_000
const MAX_REMEMBERED = 200
/** A file system that hangs must not hold up the agent. */
const TIMEOUT_MS = 50
const MAX_DEPTH = 40

export type WorkspaceLabels = Readonly<Record<string, string>>

export interface WorkspaceReader {
  /** `folder`, and `repository` and `branch` where the folder is in one. */
  labels(folder: string): Promise<WorkspaceLabels>
}

export function createWorkspaceReader(clock: Clock): WorkspaceReader {
  const remembered = new Map<
    string,
    { readonly atMs: number; readonly labels: Promise<WorkspaceLabels> }
  >()

  function labels(folder: string): Promise<WorkspaceLabels> {
    if (!isAbsolute(folder)) return Promise.resolve({})
    const known = remembered.get(folder)
    if (known !== undefined && clock.now() - known.atMs < REMEMBERED_MS) return known.labels
    const read = withinTime(clock, readLabels(folder))
    remembered.delete(folder)
    remembered.set(folder, { atMs: clock.now(), labels: read })
    const oldest = remembered.keys().next()
    if (remembered.size > MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
    return read
  }

  return { labels }
}

function withinTime(clock: Clock, reading: Promise<WorkspaceLabels>): Promise<WorkspaceLabels> {
  const { promise, resolve } = Promise.withResolvers<WorkspaceLabels>()
  const timer = clock.setTimer(() => resolve({}), TIMEOUT_MS)
  const finish = async (): Promise<void> => {
    resolve(await reading)
    timer.cancel()
  }
  void finish()
  return promise
}

async function readLabels(folder: string): Promise<WorkspaceLabels> {
  const gitDir = await gitDirOf(folder)
  const name = basename(folder)
  const labels = name === '' ? {} : { folder: name }
  if (gitDir === undefined) return labels
  const head = await textOf(join(gitDir, 'HEAD'))
  const common = (await textOf(join(gitDir, 'commondir')))?.trim() ?? '.'
  const config = await textOf(join(resolve(gitDir, common), 'config'))
  const branch = head === undefined ? undefined : branchOf(head)
  const url = config === undefined ? undefined : remoteUrl(config)
  const repository = url === undefined ? undefined : repositoryName(url)
  return {
    ...labels,
    ...(repository !== undefined && { repository }),
    ...(branch !== undefined && { branch }),
  }
}

/** The `.git` folder at or above a folder; a worktree's `.git` is a file that names it. */
async function gitDirOf(folder: string): Promise<string | undefined> {
  let at = folder
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const dotGit = join(at, '.git')
    if ((await textOf(join(dotGit, 'HEAD'))) !== undefined) return dotGit
    const pointer = /^gitdir: (.+)/.exec((await textOf(dotGit)) ?? '')?.[1]
    if (pointer !== undefined) return resolve(at, pointer.trim())
    if (dirname(at) === at) return undefined
    at = dirname(at)
  }
  return undefined
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
