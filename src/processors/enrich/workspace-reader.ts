/**
 * Folder, repository and branch of a path on this machine, read from git's files without
 * running git. Bounded in time and memory, remembered for a while; what cannot be read is
 * left out. Never throws.
 */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Clock } from '../../domain/clock.ts'
import type { FileReader } from './file-reader.ts'
import { branchOf, remoteUrl, repositoryName, repositoryPage } from './git-files.ts'

const REMEMBERED_MS = 30_000
const MAX_REMEMBERED = 200
/** A file system that is slow must not hold up the agent. */
const TIMEOUT_MS = 50
const MAX_LOOKUPS_AT_ONCE = 16
const MAX_DEPTH = 40
const MAX_FOLDER_LENGTH = 4096
/** git's own files are some hundred bytes; a `config` may hold many remotes. */
const MAX_FILE_BYTES = 64 * 1024
const MAX_LABEL_LENGTH = 200
const MAX_PAGE_LENGTH = 500

export type WorkspaceLabels = Readonly<Record<string, string>>

export interface WorkspaceReader {
  /** `folder`, and `repository`, its page as `repository_url`, and `branch` where the folder is in one. */
  labels(folder: string): Promise<WorkspaceLabels>
}

export function createWorkspaceReader(clock: Clock, files: FileReader): WorkspaceReader {
  const remembered = new Map<
    string,
    { readonly atMs: number; readonly labels: Promise<WorkspaceLabels> }
  >()
  let lookups = 0

  /** What its path says, where the file system says nothing. */
  async function lookUp(folder: string): Promise<WorkspaceLabels> {
    lookups += 1
    try {
      return { ...folderLabel(folder), ...(await readLabels(files, folder)) }
    } catch {
      remembered.delete(folder)
      return folderLabel(folder)
    } finally {
      lookups -= 1
    }
  }

  function remember(folder: string, labels: Promise<WorkspaceLabels>): void {
    remembered.delete(folder)
    remembered.set(folder, { atMs: clock.now(), labels })
    const oldest = remembered.keys().next()
    if (remembered.size > MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
  }

  async function labels(folder: string): Promise<WorkspaceLabels> {
    if (!isAbsolute(folder) || folder.length > MAX_FOLDER_LENGTH) return {}
    const known = remembered.get(folder)
    if (known !== undefined && clock.now() - known.atMs < REMEMBERED_MS) {
      return withinTime(clock, known.labels, folderLabel(folder))
    }
    if (lookups >= MAX_LOOKUPS_AT_ONCE) return folderLabel(folder)
    const found = lookUp(folder)
    remember(folder, found)
    return withinTime(clock, found, folderLabel(folder))
  }

  return { labels }
}

/** What comes later than the time allows is there for the next who asks. */
function withinTime(
  clock: Clock,
  found: Promise<WorkspaceLabels>,
  otherwise: WorkspaceLabels,
): Promise<WorkspaceLabels> {
  const { promise, resolve } = Promise.withResolvers<WorkspaceLabels>()
  const timer = clock.setTimer(() => resolve(otherwise), TIMEOUT_MS)
  const finish = async (): Promise<void> => {
    resolve(await found)
    timer.cancel()
  }
  void finish()
  return promise
}

/** The same for whoever can wait for a slow file system. Never rejects. */
export async function workspaceLabels(files: FileReader, folder: string): Promise<WorkspaceLabels> {
  try {
    return { ...folderLabel(folder), ...(await readLabels(files, folder)) }
  } catch {
    return folderLabel(folder)
  }
}

/** Whether a folder is in a working copy, which may have neither a remote nor a branch. Never rejects. */
export async function isInRepository(files: FileReader, folder: string): Promise<boolean> {
  try {
    return (await gitDirOf(files, folder)) !== undefined
  } catch {
    return false
  }
}

function folderLabel(folder: string): WorkspaceLabels {
  const name = basename(folder)
  return name === '' ? {} : { folder: name.slice(0, MAX_LABEL_LENGTH) }
}

async function readLabels(files: FileReader, folder: string): Promise<WorkspaceLabels> {
  const gitDir = await gitDirOf(files, folder)
  if (gitDir === undefined) return {}
  const head = await textOf(files, join(gitDir, 'HEAD'))
  const common = (await textOf(files, join(gitDir, 'commondir')))?.trim() ?? '.'
  const config = await textOf(files, join(resolve(gitDir, common), 'config'))
  const branch = head === undefined ? undefined : branchOf(head)
  const url = config === undefined ? undefined : remoteUrl(config)
  const repository = url === undefined ? undefined : repositoryName(url)
  const page = url === undefined ? undefined : repositoryPage(url)
  return {
    ...(repository !== undefined && { repository: repository.slice(0, MAX_LABEL_LENGTH) }),
    ...(page !== undefined && page.length <= MAX_PAGE_LENGTH && { repository_url: page }),
    ...(branch !== undefined && { branch: branch.slice(0, MAX_LABEL_LENGTH) }),
  }
}

/** The `.git` folder at or above a folder; a worktree's `.git` is a file that names it. */
async function gitDirOf(files: FileReader, folder: string): Promise<string | undefined> {
  let at = folder
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const dotGit = join(at, '.git')
    if ((await textOf(files, join(dotGit, 'HEAD'))) !== undefined) return dotGit
    const pointer = /^gitdir: (.+)/.exec((await textOf(files, dotGit)) ?? '')?.[1]
    if (pointer !== undefined) return resolve(at, pointer.trim())
    if (dirname(at) === at) return undefined
    at = dirname(at)
  }
  return undefined
}

async function textOf(files: FileReader, path: string): Promise<string | undefined> {
  return (await files.head(path, MAX_FILE_BYTES))?.toString('utf8')
}
