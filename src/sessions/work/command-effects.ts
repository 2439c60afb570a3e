/** What shell commands do to the work of a session: commits, pull requests, branches. */
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
  | WorktreeEffect
  | StatusEffect
  | PullRequestAddressEffect

/** Where it happened, as the command names it; absent where that is the folder of the session. */
interface InFolder {
  readonly folder?: string
}

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
}

/** Another working copy of the repository is made. */
export interface WorktreeEffect extends InFolder {
  readonly kind: 'worktree'
  /** Seen from the folder. */
  readonly path: string
  /** What is checked out in it, where the command says it. */
  readonly branch?: string
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
      return branchOf(readOptions(args, SWITCH_OPTIONS), false)
    case 'checkout':
      // With `--`, what follows are files.
      return args.includes('--') ? undefined : branchOf(readOptions(args, SWITCH_OPTIONS), true)
    case 'branch':
      return renameOf(readOptions(args, NO_OPTIONS))
    case 'worktree':
      return args[0] === 'add'
        ? worktreeOf(readOptions(args.slice(1), WORKTREE_OPTIONS))
        : undefined
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

const NO_OPTIONS = /^$/
/** With any of these a status says nothing in sentences. */
const NO_STATUS = ['--help', '-h', '-s', '--short', '--porcelain', '-z', '--null', '-q', '--quiet']

function statusOf(args: Command): StatusEffect | undefined {
  const { names } = readOptions(args, COMMIT_OPTIONS)
  return NO_STATUS.some((name) => names.has(name)) ? undefined : { kind: 'status' }
}

const SWITCH_OPTIONS = /^-[bBcC]$|^--(?:orphan|create|force-create|conflict)$/

function branchOf(
  { values, operands, names }: Options,
  isCheckout: boolean,
): BranchEffect | CheckoutEffect | undefined {
  const isNew = CREATE_OPTIONS.find((name) => names.has(name))
  if (isNew !== undefined) return checkedOut(values.get(isNew))
  const [told, ...others] = operands
  if (told === undefined || names.has('--detach') || names.has('-d')) return undefined
  if (names.has('-t') || names.has('--track')) return checkedOut(told.replace(/^[^/]+\//, ''))
  if (others.length > 0) return undefined
  if (told === '-' || IS_VARIABLE.test(told)) return { kind: 'checkout' }
  if (/^(?:HEAD|@)(?:$|[~^@])|[~^:*?\s]/.test(told)) return undefined
  const isBranch = ['-q', '--quiet', '-f', '--force'].some((name) => names.has(name))
  return {
    kind: 'branch',
    branch: told,
    isUnsure: isCheckout && !(isBranch && !LOOKS_LIKE_ELSE.test(told)),
  }
}

const CREATE_OPTIONS = ['-b', '-B', '-c', '-C', '--create', '--force-create', '--orphan']
/** A hash, a version, or a file. */
const LOOKS_LIKE_ELSE = /^[0-9a-f]{7,40}$|^v?\d+(?:\.\d+)+|^\.|\/$|\.[a-z]\w{0,4}$/i

function checkedOut(branch: string | undefined): BranchEffect | CheckoutEffect | undefined {
  if (branch === undefined || branch === '') return undefined
  if (IS_VARIABLE.test(branch)) return { kind: 'checkout' }
  return { kind: 'branch', branch, isUnsure: false }
}

function renameOf({ names, operands }: Options): BranchEffect | undefined {
  const branch = operands.at(-1)
  const isRename = ['-m', '-M', '--move'].some((name) => names.has(name))
  if (!isRename || branch === undefined || IS_VARIABLE.test(branch)) return undefined
  const renamed = operands.length > 1 ? (operands[0] ?? '') : ''
  return { kind: 'branch', branch, isUnsure: false, renamed }
}

const WORKTREE_OPTIONS = /^-[bB]$|^--reason$/

function worktreeOf({ values, names, operands }: Options): WorktreeEffect | undefined {
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
function checkoutOf(args: Command): BranchEffect | CheckoutEffect | undefined {
  const { names, values } = readOptions(args, /^-[bR]$|^--(?:branch|repo)$/)
  if (names.has('--detach') || names.has('--help')) return undefined
  return checkedOut(values.get('-b') ?? values.get('--branch')) ?? { kind: 'checkout' }
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

/** Not a name, but what stands for one. */
const IS_VARIABLE = /[$`]/

interface Options {
  /** All options without their values. */
  readonly names: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
  readonly operands: readonly string[]
}

/** Reads options as git does; `withWord` matches those that take a word. */
function readOptions(args: Command, withWord: RegExp): Options {
  const names = new Set<string>()
  const values = new Map<string, string>()
  const operands: string[] = []
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (arg === '--') {
      operands.push(...args.slice(at + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') operands.push(arg)
    else if (arg.startsWith('--')) {
      const equals = arg.indexOf('=')
      const name = equals < 0 ? arg : arg.slice(0, equals)
      names.add(name)
      if (equals >= 0) values.set(name, arg.slice(equals + 1))
      else if (withWord.test(name)) {
        at += 1
        values.set(name, args[at] ?? '')
      }
    } else at += readCluster(arg, args[at + 1], { withWord, names, values })
  }
  return { names, values, operands }
}

/** Reads `-am`; returns how many words of those behind it belong to it. */
function readCluster(
  cluster: string,
  next: string | undefined,
  {
    withWord,
    names,
    values,
  }: {
    readonly withWord: RegExp
    readonly names: Set<string>
    readonly values: Map<string, string>
  },
): number {
  for (let at = 1; at < cluster.length; at += 1) {
    const name = `-${cluster.charAt(at)}`
    names.add(name)
    if (!withWord.test(name)) continue
    const attached = cluster.slice(at + 1)
    values.set(name, attached === '' ? (next ?? '') : attached)
    return attached === '' ? 1 : 0
  }
  return 0
}
