/** Options of commands, as git and most others read them. */
import type { Command } from './shell-commands.ts'

/** Not a name, but what stands for one. */
export const IS_VARIABLE = /[$`]/

export interface Options {
  /** All options without their values. */
  readonly names: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
  readonly operands: readonly string[]
}

/** Reads options as git does; `withWord` matches those that take a word. */
export function readOptions(args: Command, withWord: RegExp): Options {
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
