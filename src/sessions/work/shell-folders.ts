/**
 * The folder that a shell is in, as `cd`, `pushd` and `popd` change it. A folder that a variable names, of
 * which nobody knows the value, is taken for one within that of the shell.
 */
import { isWhole, joined } from './paths.ts'
import type { Command } from './shell-commands.ts'

interface Folder {
  /** Undefined is the folder in which the script was begun. */
  readonly path: string | undefined
  /** Folders that it lies below that path, of which nobody knows the name. */
  readonly below: number
}

/** Changed as its commands run. */
export interface Shell {
  folder: Folder
  /** Where `cd -` leads. */
  before: Folder
  /** Of `pushd`, the newest last. */
  stack: readonly Folder[]
  /** Variables, as texts, or as folders that `pwd` told. */
  variables: ReadonlyMap<string, string | Folder>
  /** Names of variables that programs see. */
  exported: ReadonlySet<string>
}

/** More are forgotten, the oldest first: they are copied with each that is set. */
const MAX_VARIABLES = 100

const MAX_STACK = 50

const OWN: Folder = { path: undefined, below: 0 }

export function beginShell(): Shell {
  return { folder: OWN, before: OWN, stack: [], variables: new Map(), exported: new Set() }
}

/** One that changes nothing outside. */
export function subshellOf(shell: Shell): Shell {
  return { ...shell }
}

/**
 * What a command does to the shell itself. `whole` is all of it, `command` without what stands before its
 * name. Whether it is such a command.
 */
export function changeFolder(shell: Shell, whole: Command, command: Command): boolean {
  const [name = '', ...args] = command
  assign(shell, name === '' || DECLARES.has(name) ? [...whole, ...args] : [])
  if (name === 'export') note(shell, args)
  switch (name) {
    case 'cd':
      moveTo(shell, folderOf(shell, operandOf(args) ?? '~'))
      return true
    case 'pushd': {
      const told = operandOf(args)
      const last = shell.stack.at(-1)
      if (/^[+-]\d+$/.test(told ?? '') || (told === undefined && last === undefined)) return true
      const rest = told === undefined ? shell.stack.slice(0, -1) : shell.stack
      shell.stack = [...rest, shell.folder].slice(-MAX_STACK)
      moveTo(shell, told === undefined ? (last ?? OWN) : folderOf(shell, told))
      return true
    }
    case 'popd': {
      const last = shell.stack.at(-1)
      if (last !== undefined) moveTo(shell, last)
      shell.stack = shell.stack.slice(0, -1)
      return true
    }
    default:
      return false
  }
}

/**
 * The words with the variables that are known, and the folder that paths among them are seen from: that of
 * the shell, or, where one of them names the folder in which the script was begun, that.
 */
export function expanded(
  shell: Shell,
  args: Command,
): { readonly words: Command; readonly base: string | undefined } {
  let base = shell.folder.path
  const words = args.map((arg) => {
    const variable = variableIn(shell, arg)
    if (variable === undefined) return arg
    const { value, rest } = variable
    if (typeof value === 'string') return value + rest
    if (value.path === undefined) base = undefined
    return value.path === undefined ? `.${rest}` : value.path + rest
  })
  return { words, base }
}

function note(shell: Shell, args: Command): void {
  const names = args.map((arg) => arg.replace(/=[\s\S]*$/, ''))
  shell.exported = new Set([...shell.exported, ...names].slice(-MAX_VARIABLES))
}

const DECLARES: ReadonlySet<string> = new Set(['export', 'local', 'readonly', 'declare', 'typeset'])

function assign(shell: Shell, words: Command): void {
  for (const word of words) {
    const [, name, text = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? []
    if (name === undefined) continue
    const variables = new Map(shell.variables)
    const { value, rest = '' } = variableIn(shell, text) ?? {}
    if (value === undefined && /[$`]|^$/.test(text)) variables.delete(name)
    else if (value === undefined) variables.set(name, text)
    else if (typeof value === 'string') variables.set(name, value + rest)
    else variables.set(name, { ...value, path: joined(value.path, rest.slice(1)) })
    const [oldest] = variables.keys()
    if (variables.size > MAX_VARIABLES && oldest !== undefined) variables.delete(oldest)
    shell.variables = variables
  }
}

/** The variable that a word begins with, where its value is known. */
function variableIn(
  { folder, before, variables }: Shell,
  word: string,
): { readonly value: string | Folder; readonly rest: string } | undefined {
  const [, braced, plain, rest = ''] =
    /^\$(?:\{(\w+)\}|([A-Za-z_]\w*))((?:\/[^$`]*)?)$/.exec(word) ?? []
  const name = braced ?? plain
  if (name === undefined) return undefined
  const value = name === 'PWD' ? folder : name === 'OLDPWD' ? before : variables.get(name)
  return value === undefined ? undefined : { value, rest }
}

/** Behind the options; `-` is one. */
function operandOf(args: Command): string | undefined {
  return args.find((arg) => arg === '-' || /^-\d+$/.test(arg) || !arg.startsWith('-'))
}

function moveTo(shell: Shell, folder: Folder): void {
  shell.before = shell.folder
  shell.folder = folder
}

function folderOf(shell: Shell, told: string): Folder {
  if (told === '-') return shell.before
  const variable = variableIn(shell, told)
  if (variable === undefined) return within(shell.folder, told)
  const { value, rest } = variable
  return typeof value === 'string'
    ? within(shell.folder, value + rest)
    : within(value, rest.slice(1))
}

function within({ path, below }: Folder, told: string): Folder {
  if (/^\$(?:HOME|\{HOME\})(?:\/|$)/.test(told)) return { path: joined(path, told), below: 0 }
  if (told === '') return { path, below }
  const parts = told.split('/').filter((part) => part !== '' && part !== '.')
  const up = parts.filter((part) => part === '..').length
  const left = below + parts.length - 2 * up
  if (/[$`*?]/.test(told)) return { path, below: Math.max(left, 0) }
  if (isWhole(told) || below === 0) return { path: joined(path, told), below: 0 }
  return left >= 0 ? { path, below: left } : { path: joined(path, '../'.repeat(-left)), below: 0 }
}
