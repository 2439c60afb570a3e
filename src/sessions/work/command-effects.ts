/** What shell commands do to the work of a session: commits, pull requests, branches. */
import {
  type BranchEffect,
  branchOf,
  type CheckoutEffect,
  checkedOut,
  checkoutOf,
  type DetachEffect,
  type InFolder,
  renameOf,
  type WorktreeEffect,
  worktreeOf,
} from './branch-commands.ts'
import { IS_VARIABLE, readOptions } from './command-options.ts'
import { type Prefixed, treeOf, treeOfGitDir, withoutPrefix } from './command-prefix.ts'
import { type Aliases, type Expansion, expansionOf, noteAlias, noteOption } from './git-aliases.ts'
import { joined } from './paths.ts'
import { type Command, inputOf, isSubshell, shellCommands, type Step } from './shell-commands.ts'
import { beginShell, changeFolder, expanded, type Shell, subshellOf } from './shell-folders.ts'

export type WorkEffect =
  | CommitEffect
  | PullRequestEffect
  | BranchEffect
  | CheckoutEffect
  | DetachEffect
  | WorktreeEffect
  | StatusEffect
  | PullRequestAddressEffect

export interface CommitEffect extends InFolder {
  readonly kind: 'commit'
  /** It takes the place of the last one. */
  readonly isAmend: boolean
  /** Of another commit: by `git revert` or `git cherry-pick`, which no metric counts. */
  readonly isCopy?: true
}

export interface PullRequestEffect extends InFolder {
  readonly kind: 'pull_request'
  /** `owner/name`, where the command says it. */
  readonly repository?: string
  /** The branch that is to be merged, where the command says it. */
  readonly branch?: string
  /** By a tool that does nothing else, not by a command. */
  readonly isTool?: true
}

/** Changes nothing, and prints what `git commit` prints where it finds nothing to commit. */
export interface StatusEffect extends InFolder {
  readonly kind: 'status'
}

/** Changes nothing, and prints the address of a pull request as one that opens it does. */
export interface PullRequestAddressEffect extends InFolder {
  readonly kind: 'pull_request_address'
}

/** Scripts within scripts. */
const MAX_DEPTH = 3
/** Of all that aliases stand for, so that those within each other take no longer than other scripts. */
const MAX_EXPANDED = 100_000

/** What is read of a script. */
interface Reading {
  readonly effects: WorkEffect[]
  /** Of git: they are in a file, so shells share them. */
  readonly aliases: Aliases
  /** Characters of aliases that may still be read. */
  left: number
}

/** The effects that a script has when all of its commands succeed, in their order. */
export function effectsOf(script: string): readonly WorkEffect[] {
  const effects: WorkEffect[] = []
  const reading = { effects, aliases: new Map(), left: MAX_EXPANDED }
  collect(shellCommands(script), beginShell(), reading, 0)
  // What only prints tells something beside what it may be taken for.
  const kinds = new Set(effects.map(({ kind }) => kind))
  return effects.filter(
    ({ kind }) =>
      (kind !== 'status' || kinds.has('commit')) &&
      (kind !== 'pull_request_address' || kinds.has('pull_request')),
  )
}

function collect(steps: readonly Step[], shell: Shell, reading: Reading, depth: number): void {
  for (const step of steps) {
    if (isSubshell(step)) {
      collect(step.steps, subshellOf(shell), reading, depth)
      continue
    }
    const prefixed = withoutPrefix(step)
    const [program = '', ...args] = prefixed.words
    const name = program.slice(program.lastIndexOf('/') + 1)
    if (changeFolder(shell, step, [name, ...args])) continue
    const inner = scriptIn(name, args) ?? (prefixed.isFed ? undefined : fedScript(name, args, step))
    if (inner !== undefined && depth < MAX_DEPTH) {
      const within = name === 'eval' ? shell : shellBehind(prefixed, shell)
      collect(shellCommands(inner), within, reading, depth + 1)
      continue
    }
    collectCommand({ ...prefixed, words: [name, ...args] }, shell, reading, depth)
  }
}

/** A shell of its own, in which what stands before its command holds. */
function shellBehind({ folder, tree }: Prefixed, shell: Shell): Shell {
  const own = subshellOf(shell)
  if (folder !== undefined) own.folder = { path: joined(own.folder.path, folder), below: 0 }
  if (tree !== undefined) {
    own.variables = new Map([...own.variables, ['GIT_WORK_TREE', tree]])
    own.exported = new Set([...own.exported, 'GIT_WORK_TREE'])
  }
  return own
}

function collectCommand(prefixed: Prefixed, shell: Shell, reading: Reading, depth: number): void {
  const [name = '', ...args] = prefixed.words
  const { words, base } = expanded(shell, args)
  const git = name === 'git' ? readGit(words) : undefined
  const within = joined(base, prefixed.folder)
  // An option of git counts more than a variable of its environment.
  const tree = git?.tree ?? (git && (prefixed.tree ?? exportedTree(shell)))
  const folder = joined(joined(within, git?.folder), tree)
  const aliased = git && aliasOf(git, reading)
  if (aliased !== undefined) {
    if (depth >= MAX_DEPTH) return
    const own = subshellOf(shell)
    own.folder = { path: folder, below: 0 }
    const steps = 'script' in aliased ? shellCommands(aliased.script) : [['git', ...aliased.args]]
    collect(steps, own, reading, depth + 1)
    return
  }
  const effect =
    git === undefined ? effectOf(name, words) : effectOfSubcommand(git.command, git.args)
  if (effect !== undefined) {
    reading.effects.push({ ...effect, ...(folder !== undefined && { folder }) })
  }
}

/** What the command of git stands for; notes aliases that it defines. */
function aliasOf({ options, command = '', args }: Git, reading: Reading): Expansion | undefined {
  if (command === 'config') noteAlias(reading.aliases, args)
  const told = options.length === 0 ? reading.aliases : new Map(reading.aliases)
  for (const option of options) noteOption(told, option)
  const found = told.size === 0 ? undefined : expansionOf(told, command, args)
  if (found === undefined) return undefined
  const texts = 'script' in found ? [found.script] : found.args
  reading.left -= texts.reduce((sum, text) => sum + text.length, 0)
  return reading.left < 0 ? undefined : found
}

/** By `export GIT_DIR=…`. */
function exportedTree({ variables, exported }: Shell): string | undefined {
  return treeOf((name) => {
    const value = exported.has(name) ? variables.get(name) : undefined
    return typeof value === 'string' ? value : undefined
  })
}

const SHELLS: ReadonlySet<string> = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh'])
/** Options of shells that take a word. */
const SHELL_OPTIONS = /^[-+][A-Za-z]*[oO]$|^--(?:rcfile|init-file)$/

/** Of `bash -lc '…'`, `su bob -c '…'` and `eval`. */
function scriptIn(name: string, args: Command): string | undefined {
  if (name === 'eval') return args.join(' ')
  if (name === 'su') {
    // A login begins in another folder.
    if (args.some((arg) => /^(?:-|-l|--login)$/.test(arg))) return undefined
    return args[args.findIndex((arg) => arg === '-c' || arg === '--command') + 1]
  }
  if (!SHELLS.has(name)) return undefined
  const { at, hasScript } = readShell(args)
  return hasScript ? args[at] : undefined
}

/** What `<<` gives a shell that has no script. */
function fedScript(name: string, args: Command, step: Command): string | undefined {
  if (!SHELLS.has(name)) return undefined
  const { at, readsInput } = readShell(args)
  return readsInput || at >= args.length ? inputOf(step) : undefined
}

/** Where the operands of a shell begin, and what its options say of the first one. */
function readShell(args: Command) {
  let at = 0
  let hasScript = false
  let readsInput = false
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (arg === '--' || arg === '-') {
      at += 1
      break
    }
    if (!/^[-+]/.test(arg)) break
    if (/^-[A-Za-z]*c/.test(arg)) hasScript = true
    if (/^-[A-Za-z]*s/.test(arg)) readsInput = true
    if (SHELL_OPTIONS.test(arg)) at += 1
  }
  return { at, hasScript, readsInput }
}

function withoutOptions(words: Command, withWord: RegExp): Command {
  let at = 0
  while (words[at]?.startsWith('-') === true) at += withWord.test(words[at] ?? '') ? 2 : 1
  return words.slice(at)
}

function effectOf(program: string, args: Command): WorkEffect | undefined {
  switch (program) {
    case 'gh':
      return effectOfGh(args)
    case 'glab':
      if (args[0] === 'mr' && args[1] === 'checkout') return checkoutOf(args.slice(2))
      return args[0] === 'mr' && args[1] === 'update'
        ? ADDRESS
        : pullRequestOf(args, ['mr'], ['create', 'new'])
    case 'hub':
      return pullRequestOf(args, ['pull-request'], undefined)
    case 'tea':
      return pullRequestOf(args, ['pr', 'pull', 'pulls'], ['create', 'c'])
    case 'echo':
    case 'printf':
      return args.some((arg) => PULL_REQUEST_ADDRESS.test(arg)) ? ADDRESS : undefined
    case 'az':
      return args[0] === 'repos' ? pullRequestOf(args.slice(1), ['pr'], ['create']) : undefined
    default:
      return undefined
  }
}

/** Options of git itself that take a word. */
const GIT_OPTIONS =
  /^(?:-[Cc]|--(?:git-dir|work-tree|namespace|super-prefix|config-env|exec-path))$/

interface Git {
  /** As `-C` says. */
  readonly folder: string | undefined
  /** As options that name a repository say. */
  readonly tree: string | undefined
  /** Of its configuration. */
  readonly options: readonly string[]
  readonly command: string | undefined
  readonly args: Command
}

function readGit(args: Command): Git {
  let folder: string | undefined
  let tree: string | undefined
  let at = 0
  const options: string[] = []
  while (args[at]?.startsWith('-') === true) {
    const option = args[at] ?? ''
    const next = args[at + 1]
    if (option === '-C') folder = joined(folder, next)
    if (option === '-c' && next !== undefined) options.push(next)
    const told = /^--(?:work-tree|git-dir)(?:=(.*))?$/.exec(option)
    if (told !== null) tree = treeOfGitDir(told[1] ?? next)
    if (option === '--help' || option === '--version' || option === '-h') {
      return { folder, tree, options, command: undefined, args: [] }
    }
    at += GIT_OPTIONS.test(option) ? 2 : 1
  }
  return { folder, tree, options, command: args[at], args: args.slice(at + 1) }
}

function effectOfSubcommand(subcommand: string | undefined, args: Command): WorkEffect | undefined {
  switch (subcommand) {
    case 'commit':
      return commitOf(args)
    case 'revert':
    case 'cherry-pick':
      return copyOf(args)
    case 'status':
      return statusOf(args)
    case 'stash':
      if (args[0] === 'branch') return checkedOut(args[1])
      return /^(?:pop|apply)$/.test(args[0] ?? '') ? statusOf(args) : undefined
    case 'switch':
      return branchOf(args, false)
    case 'checkout':
      // With `--`, what follows are files.
      return args.includes('--') ? undefined : branchOf(args, true)
    case 'branch':
      return renameOf(args)
    case 'worktree':
      return args[0] === 'add' ? worktreeOf(args.slice(1)) : undefined
    default:
      return undefined
  }
}

const COMMIT_OPTIONS =
  /^-[mFCct]$|^--(?:message|file|reuse-message|reedit-message|template|author|date|fixup|squash|cleanup|trailer|pathspec-from-file)$/
/** With any of these it commits nothing; formats of the status imply a dry run. */
const NO_COMMIT = ['--dry-run', '--help', '-h', '--short', '--porcelain', '--long', '-z', '--null']

function commitOf(args: Command): CommitEffect | StatusEffect | undefined {
  const { names } = readOptions(args, COMMIT_OPTIONS)
  if (NO_COMMIT.some((name) => names.has(name))) return statusOf(args)
  return { kind: 'commit', isAmend: names.has('--amend') }
}

const COPY_OPTIONS = /^-[mX]$|^--(?:mainline|strategy|strategy-option|cleanup)$/
const NO_COPY = ['-n', '--no-commit', '--abort', '--quit', '--skip', '--help', '-h']

function copyOf(args: Command): CommitEffect | undefined {
  const { names, operands } = readOptions(args, COPY_OPTIONS)
  if (NO_COPY.some((name) => names.has(name))) return undefined
  const isOne = operands.length > 0 || names.has('--continue')
  return isOne ? { kind: 'commit', isAmend: false, isCopy: true } : undefined
}

/** With any of these a status says nothing in sentences. */
const NO_STATUS = ['--help', '-h', '-s', '--short', '--porcelain', '-z', '--null', '-q', '--quiet']

function statusOf(args: Command): StatusEffect | undefined {
  const { names } = readOptions(args, COMMIT_OPTIONS)
  return NO_STATUS.some((name) => names.has(name)) ? undefined : { kind: 'status' }
}

const ADDRESS: PullRequestAddressEffect = { kind: 'pull_request_address' }
/** The whole of what is printed. */
const PULL_REQUEST_ADDRESS =
  /^https?:\/\/\S+\/(?:pulls?|merge_requests|pull-requests|pullrequests?)\/\d+(?:\\n)?$/i

function effectOfGh(args: Command): WorkEffect | undefined {
  // `gh -R owner/name pr create` is the same as with the option behind it.
  const options = withoutOptions(args, /^(?:-R|--repo)$/)
  const before = args.slice(0, args.length - options.length)
  const [noun, verb, ...rest] = options
  if (noun === 'co' || (noun === 'pr' && verb === 'checkout'))
    return checkoutOf(noun === 'co' ? options.slice(1) : rest)
  const showsUrl = verb === 'view' && rest.some((arg) => /(?:^|[.=,{])url\b/.test(arg))
  if (noun === 'pr' && (verb === 'edit' || showsUrl)) return ADDRESS
  return pullRequestOf([...options, ...before], ['pr'], ['create', 'new'])
}

const PULL_REQUEST_OPTIONS =
  /^-[aBbFHlmpRrtTsi]$|^--(?:assignee|base|body|body-file|head|label|milestone|project|recover|repo|repository|reviewer|template|title|message|file|source-branch|target-branch|description|output|copy-issue-labels|related-issue|org|organization)$/
const NO_PULL_REQUEST = ['--dry-run', '--help', '-h', '--web', '-w']

function pullRequestOf(
  [noun = '', verb, ...rest]: Command,
  nouns: readonly string[],
  verbs: readonly string[] | undefined,
): PullRequestEffect | undefined {
  if (!nouns.includes(noun)) return undefined
  if (verbs !== undefined && !verbs.includes(verb ?? '')) return undefined
  const args = verbs === undefined && verb !== undefined ? [verb, ...rest] : rest
  const { names, values } = readOptions(args, PULL_REQUEST_OPTIONS)
  if (NO_PULL_REQUEST.some((name) => names.has(name))) return undefined
  const firstOf = (...options: readonly string[]) =>
    options
      .map((name) => values.get(name))
      .find((value) => value !== undefined && value !== '' && !IS_VARIABLE.test(value))
  const repository = firstOf('-R', '--repo', '--repository')
    ?.replace(/^https?:\/\/[^/]+\//, '')
    .replace(/\.git$/, '')
  // Of a fork, `owner:branch`.
  const branch = firstOf('-H', '--head', '--source-branch', '-s')?.replace(/^[^:]*:/, '')
  return {
    kind: 'pull_request',
    ...(repository !== undefined && { repository: repository.split('/').slice(-2).join('/') }),
    ...(branch !== undefined && { branch }),
  }
}
