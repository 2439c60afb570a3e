/** What commands check out: branches, commits without one, and further working copies. */
import { IS_VARIABLE, readOptions } from './command-options.ts'
import type { Command } from './shell-commands.ts'

/** Where it happened, as the command names it; absent where that is the folder of the session. */
export interface InFolder {
  readonly folder?: string
}

/** What is checked out from now on. */
export interface BranchEffect extends InFolder {
  readonly kind: 'branch'
  readonly branch: string
  /** It may be the name of a file: believed of a branch that is known, or where the output says so. */
  readonly isUnsure: boolean
  /** It is another name of this branch; an empty one is that which is checked out. */
  readonly renamed?: string
}

/** Something is checked out that the output alone names. */
export interface CheckoutEffect extends InFolder {
  readonly kind: 'checkout'
  /** It is what was checked out before, which may be known where the output says nothing. */
  readonly isBack?: true
}

/** A commit is checked out, and no branch is. */
export interface DetachEffect extends InFolder {
  readonly kind: 'detach'
}

/** Another working copy of the repository is made. */
export interface WorktreeEffect extends InFolder {
  readonly kind: 'worktree'
  /** Seen from the folder. */
  readonly path: string
  /** What is checked out in it, where the command says it. */
  readonly branch?: string
}

const SWITCH_OPTIONS = /^-[bBcC]$|^--(?:orphan|create|force-create|conflict)$/

/** Of `git switch` and `git checkout`. */
export function branchOf(
  args: Command,
  isCheckout: boolean,
): BranchEffect | CheckoutEffect | DetachEffect | undefined {
  const { values, operands, names } = readOptions(args, SWITCH_OPTIONS)
  const isNew = CREATE_OPTIONS.find((name) => names.has(name))
  if (isNew !== undefined) return checkedOut(values.get(isNew))
  const [told, ...others] = operands
  if (names.has('--detach') || names.has('-d')) return { kind: 'detach' }
  if (told === undefined) return undefined
  if (names.has('-t') || names.has('--track')) return checkedOut(told.replace(/^[^/]+\//, ''))
  if (others.length > 0) return undefined
  if (told === '-' || told === '@{-1}') return { kind: 'checkout', isBack: true }
  if (IS_VARIABLE.test(told) || /^@\{-\d+\}$/.test(told)) return { kind: 'checkout' }
  // `git switch` refuses it without an option.
  if (OTHER_COMMIT.test(told)) return isCheckout ? { kind: 'detach' } : undefined
  if (/^(?:HEAD|@)$|[~^:*?\s]|@\{/.test(told)) return undefined
  const isBranch = ['-q', '--quiet', '-f', '--force'].some((name) => names.has(name))
  return {
    kind: 'branch',
    branch: told,
    isUnsure: isCheckout && !(isBranch && !LOOKS_LIKE_ELSE.test(told)),
  }
}

/** Seen from the one that is checked out: `HEAD~2`, `@^`, `HEAD@{1}`. */
const OTHER_COMMIT = /^(?:HEAD|@)(?:[~^][\d~^]*$|@?\{[^}]+\}$)/
const CREATE_OPTIONS = ['-b', '-B', '-c', '-C', '--create', '--force-create', '--orphan']
/** A hash, a version, or a file. */
const LOOKS_LIKE_ELSE = /^[0-9a-f]{7,40}$|^v?\d+(?:\.\d+)+|^\.|\/$|\.[a-z]\w{0,4}$/i

/** As git abbreviates it. Of digits or letters alone, it is rather a date or a word. */
export function looksLikeHash(name: string): boolean {
  return /^[0-9a-f]{40}$|^(?=.*\d)(?=.*[a-f])[0-9a-f]{7,39}$/.test(name)
}

/** By a command that takes nothing but the name of a branch. */
export function checkedOut(branch: string | undefined): BranchEffect | CheckoutEffect | undefined {
  if (branch === undefined || branch === '') return undefined
  if (IS_VARIABLE.test(branch)) return { kind: 'checkout' }
  return { kind: 'branch', branch, isUnsure: false }
}

/** Of `git branch`. */
export function renameOf(args: Command): BranchEffect | undefined {
  const { names, operands } = readOptions(args, NO_OPTIONS)
  const branch = operands.at(-1)
  const isRename = ['-m', '-M', '--move'].some((name) => names.has(name))
  if (!isRename || branch === undefined || IS_VARIABLE.test(branch)) return undefined
  const renamed = operands.length > 1 ? (operands[0] ?? '') : ''
  return { kind: 'branch', branch, isUnsure: false, renamed }
}

const NO_OPTIONS = /^$/
const WORKTREE_OPTIONS = /^-[bB]$|^--reason$/

/** Of `git worktree add`. */
export function worktreeOf(args: Command): WorktreeEffect | undefined {
  const { values, names, operands } = readOptions(args, WORKTREE_OPTIONS)
  const [path, of] = operands
  if (path === undefined || path === '' || IS_VARIABLE.test(path)) return undefined
  const made = values.get('-b') ?? values.get('-B')
  // Git calls a new branch as the folder is called. What else is named may be a branch or not.
  const isOwn = of === undefined && !names.has('--detach') && !names.has('-d')
  const branch = made ?? (isOwn ? /[^/]+(?=\/*$)/.exec(path)?.[0] : undefined)
  const isKnown = branch !== undefined && branch !== '' && !IS_VARIABLE.test(branch)
  return { kind: 'worktree', path, ...(isKnown && { branch }) }
}

/** Of `gh pr checkout`, and what is like it. */
export function checkoutOf(
  args: Command,
): BranchEffect | CheckoutEffect | DetachEffect | undefined {
  const { names, values } = readOptions(args, /^-[bR]$|^--(?:branch|repo)$/)
  if (names.has('--help')) return undefined
  if (names.has('--detach')) return { kind: 'detach' }
  return checkedOut(values.get('-b') ?? values.get('--branch')) ?? { kind: 'checkout' }
}
