/**
 * The command itself, behind what stands before it: assignments, words such as `time`, and programs that run
 * another one, such as `sudo -u bob`, `env A=1` and `xargs`. Reads each word once.
 */
import { joined } from './paths.ts'
import { type Command, UNKNOWN } from './shell-commands.ts'

export interface Prefixed {
  readonly words: Command
  /** Where it runs, as a program before it says; undefined is where the shell is. */
  readonly folder: string | undefined
  /** The repository that `GIT_WORK_TREE` or `GIT_DIR` before it names. */
  readonly tree: string | undefined
  /** Its input is not the script's. */
  readonly isFed: boolean
}

const RESERVED: ReadonlySet<string> = new Set(['command', 'builtin', 'exec', 'nohup', 'setsid'])

/** Options as one program reads them. */
interface Wrapper {
  /** Single letters that take a word, attached or behind it. */
  readonly letters: string
  /** Long options that take the next word. */
  readonly long?: RegExp
  /** Options that say where the command runs. */
  readonly folder?: RegExp
  /** Words of its own before the command. */
  readonly operands?: number
}

const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ['time', { letters: 'fo' }],
  [
    'sudo',
    {
      letters: 'ugChpTrtDR',
      long: /^--(?:user|group|chdir|chroot|host|prompt|role|type|close-from|command-timeout)$/,
      folder: /^(?:-D|--chdir)$/,
    },
  ],
  ['doas', { letters: 'uC' }],
  ['env', { letters: 'uCS', long: /^--(?:unset|chdir)$/, folder: /^(?:-C|--chdir)$/ }],
  ['nice', { letters: 'n', long: /^--adjustment$/ }],
  ['ionice', { letters: 'cnpPu', long: /^--(?:class|classdata|pid)$/ }],
  ['timeout', { letters: 'ks', long: /^--(?:kill-after|signal)$/, operands: 1 }],
  ['stdbuf', { letters: 'ioe', long: /^--(?:input|output|error)$/ }],
])
const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=([\s\S]*)$/

export function withoutPrefix(command: Command): Prefixed {
  let at = 0
  let folder: string | undefined
  const told = new Map<string, string>()
  const result = (words: Command): Prefixed => {
    return { words, folder, tree: treeOf((name) => told.get(name)), isFed: false }
  }
  while (at < command.length) {
    const word = command[at] ?? ''
    const assignment = ASSIGNMENT.exec(word)
    const name = word.slice(word.lastIndexOf('/') + 1)
    const wrapper = WRAPPERS.get(name)
    if (assignment !== null) {
      told.set(assignment[1] ?? '', assignment[2] ?? '')
      at += 1
    } else if (wrapper !== undefined) {
      const read = readOptions(command, at + 1, wrapper)
      if (read.folder !== undefined) folder = joined(folder, read.folder)
      at = read.at + (wrapper.operands ?? 0)
    } else if (isXargs(word)) {
      const behind = behindXargs(command, at + 1)
      // How often it runs, or with what in the midst of it, nobody knows.
      if (behind === undefined) return result([])
      // What it is given stands at the end.
      return within([...command.slice(behind), UNKNOWN], result([]))
    } else if (RESERVED.has(word)) at += 1
    else break
  }
  return result(command.slice(at))
}

/** What `xargs` runs may have something before it as well; behind another `xargs` nobody looks. */
function within(words: Command, outer: Prefixed): Prefixed {
  const inner = withoutPrefix(words.some(isXargs) ? [] : words)
  return {
    ...inner,
    folder: joined(outer.folder, inner.folder),
    tree: inner.tree ?? outer.tree,
    isFed: true,
  }
}

function isXargs(word: string): boolean {
  return /(?:^|\/)xargs$/.test(word)
}

/** The repository that variables name. */
export function treeOf(lookUp: (name: string) => string | undefined): string | undefined {
  const workTree = lookUp('GIT_WORK_TREE')
  return workTree ?? treeOfGitDir(lookUp('GIT_DIR'))
}

export function treeOfGitDir(gitDir: string | undefined): string | undefined {
  return gitDir?.replace(/\/?\.git\/?$/, '')
}

/** Up to the first word that is no option; `--` ends them. */
function readOptions(
  command: Command,
  from: number,
  wrapper: Wrapper,
): { readonly at: number; readonly folder: string | undefined } {
  let at = from
  let folder: string | undefined
  while (command[at]?.startsWith('-') === true) {
    const word = command[at] ?? ''
    if (word === '--') return { at: at + 1, folder }
    const { name, value } = readOption(word, wrapper)
    const takesNext = value === undefined && takesWord(name, wrapper)
    if (wrapper.folder?.test(name) === true) folder = value ?? command[at + 1]
    at += takesNext ? 2 : 1
  }
  return { at, folder }
}

/** Of several letters, the one that takes a word. */
function readOption(word: string, { letters }: Wrapper): { name: string; value?: string } {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=')
    return equals < 0
      ? { name: word }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) }
  }
  const at = word.split('').findIndex((char, index) => index > 0 && letters.includes(char))
  if (at < 0) return { name: word }
  const value = word.slice(at + 1)
  return { name: `-${word.charAt(at)}`, ...(value !== '' && { value }) }
}

function takesWord(name: string, { letters, long }: Wrapper): boolean {
  if (name.startsWith('--')) return long?.test(name) === true
  return name.length === 2 && letters.includes(name.charAt(1))
}

/** Where the command of `xargs` begins, which it runs once; undefined where it may do so several times. */
function behindXargs(command: Command, from: number): number | undefined {
  for (let at = from; at < command.length; at += 1) {
    const word = command[at] ?? ''
    if (!word.startsWith('-')) return at
    if (word === '--') return at + 1
    if (/^--(?:replace|max-lines|max-args)(?:=|$)/.test(word)) return undefined
    if (/^--(?:arg-file|delimiter|eof|max-procs|max-chars|process-slot-var)$/.test(word)) at += 1
    if (word.startsWith('--')) continue
    const letter = word.slice(1).search(/[adEILnPseil]/) + 1
    if (letter === 0) continue
    if (/[ILnil]/.test(word.charAt(letter))) return undefined
    if (letter + 1 === word.length && /[adEPs]/.test(word.charAt(letter))) at += 1
  }
  return undefined
}
