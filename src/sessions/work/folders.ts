/**
 * Which repository a folder is in, without a look at the disk: by the folders that hooks and transcripts
 * said the session works in, by the name of its repository, and by the branch that a commit printed.
 */
import { isTrunk } from '../../domain/work.ts'
import { isWhole, isWithin, joined, partsOf } from './paths.ts'
import type { KnownFolder, Place, Worktree } from './work-state.ts'

/** Folders that a session is known to have worked in; more are forgotten, the oldest first. */
const MAX_FOLDERS = 8
/** Paths of this length are not kept: they were cut, and would be another folder. */
const MAX_PATH_LENGTH = 500

/** The folders with one more, which is where the session works from now on. */
export function withFolder(
  folders: readonly KnownFolder[],
  { path: told, repository }: KnownFolder,
): readonly KnownFolder[] {
  const path = joined(undefined, told)
  if (path === undefined || path.length >= MAX_PATH_LENGTH) return folders
  const last = folders.at(-1)
  const known = folders.find((folder) => folder.path === path)
  const now = repository ?? known?.repository
  if (last?.path === path && last.repository === now) return folders
  const others = folders.filter((folder) => folder !== known)
  return [...others, { path, ...(now !== undefined && { repository: now }) }].slice(-MAX_FOLDERS)
}

/** The working copies with one more, or with what is known better of one. */
export function withWorktree(
  worktrees: readonly Worktree[],
  worktree: Worktree,
): readonly Worktree[] {
  if (worktree.path.length >= MAX_PATH_LENGTH) return worktrees
  return [...worktrees.filter(({ path }) => path !== worktree.path), worktree].slice(-MAX_FOLDERS)
}

/** A path that a command names, seen from where it was begun. */
export function pathOf(
  { cwd, folders }: Pick<WorkFolder, 'cwd' | 'folders'>,
  folder: string,
): string {
  return joined(joined(undefined, cwd) ?? folders.at(-1)?.path, folder) ?? folder
}

/** What is asked of `repositoryIn`. */
export interface WorkFolder {
  /** Where the session is at that time. */
  readonly place: Place
  /** In order of when they were told. */
  readonly folders: readonly KnownFolder[]
  readonly worktrees?: readonly Worktree[] | undefined
  /** The folder in which the command was begun; else the last that is known. */
  readonly cwd?: string | undefined
  /** As the command names it; undefined is the one in which it was begun. */
  readonly folder?: string | undefined
  /** The branch that a commit there printed. */
  readonly branch?: string | undefined
}

export interface FolderRepository {
  readonly repository: string | undefined
  /** It is the working copy in which the session works. */
  readonly isHere: boolean
  /** The other working copy that it is in. */
  readonly worktree?: Worktree
}

/** The repository of the folder that a command names. */
export function repositoryIn(of: WorkFolder): FolderRepository {
  const { place, folder, folders, branch } = of
  const { repository } = place
  const here = { repository, isHere: true }
  if (folder === undefined) return here
  const path = pathOf(of, folder)
  const worktree = worktreeAt(of, path)
  if (worktree !== undefined) {
    return { repository: worktree.repository ?? repository, isHere: false, worktree }
  }
  const known = knownRepository(of, path)
  if (known !== undefined) return known
  const isBelow = !isWhole(folder) && !folder.startsWith('..')
  if (isBelow && isRepository(place)) return here
  const parts = partsOf(path)
  const own = repository?.slice(repository.lastIndexOf('/') + 1)
  if (own !== undefined && parts.includes(own)) return here
  // Two working copies of a repository cannot have the same branch checked out.
  const isSameBranch = branch !== undefined && branch === place.branch && !isTrunk(branch)
  if (isSameBranch && !folders.some((each) => isWhole(each.path))) return here
  return { repository: parts.at(-1) ?? repository, isHere: false }
}

/** The working copy that a path lies in, unless the session works there itself. */
function worktreeAt({ worktrees = [], folders }: WorkFolder, path: string): Worktree | undefined {
  const worktree = worktrees.findLast((each) => isWithin(path, each.path))
  if (worktree === undefined) return undefined
  const isOwn = folders.some(
    (known) => isWithin(known.path, worktree.path) && isWithin(path, known.path),
  )
  return isOwn ? undefined : worktree
}

/** By the folders that the session is known to have worked in; undefined where they say nothing of it. */
function knownRepository(
  { place, folders }: WorkFolder,
  path: string,
): FolderRepository | undefined {
  const around = folders
    .filter((known) => isWithin(path, known.path))
    .sort((a, b) => b.path.length - a.path.length)
    .at(0)
  if (around !== undefined) {
    const repository = around.repository ?? place.repository
    // A folder that nobody called a repository may hold several.
    const isOne = repository !== undefined || isRepository(place) || around.path === path
    return isOne ? { repository, isHere: repository === place.repository } : undefined
  }
  // Of a folder within the repository, `cd ..` leads to its root.
  const below = folders.filter((known) => isWithin(known.path, path))
  const [first, ...others] = below.map((known) => known.repository ?? place.repository)
  const isOfOne = below.length > 0 && others.every((repository) => repository === first)
  if (!isOfOne || first !== place.repository || partsOf(path).length === 0) return undefined
  const own = first?.slice(first.lastIndexOf('/') + 1)
  const isAbove = below.some(
    (known) => own !== undefined && partsOf(known.path.slice(path.length)).includes(own),
  )
  return isAbove || !isRepository(place) ? undefined : { repository: first, isHere: true }
}

/** Whether it is known that somebody works in a repository, if not in which. */
function isRepository({ repository, branch }: Place): boolean {
  return repository !== undefined || branch !== undefined
}
