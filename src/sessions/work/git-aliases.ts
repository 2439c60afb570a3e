/**
 * Aliases of git that a script itself defines, by `-c alias.ci=commit` or `git config alias.ci commit`. Those of
 * a configuration that nobody told are not guessed.
 */
import { type Command, isSubshell, shellCommands } from './shell-commands.ts'

/** By the name behind `alias.`. */
export type Aliases = Map<string, string>

/** What an alias stands for: arguments of git, or a script of a shell. */
export type Expansion = { readonly args: Command } | { readonly script: string }

/** Git runs its own commands whatever an alias says. */
const COMMANDS: ReadonlySet<string> = new Set(
  (
    'add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore checkout ' +
    'checkout-index cherry cherry-pick clean clone commit commit-tree config count-objects credential ' +
    'describe diff diff-files diff-index diff-tree difftool fast-export fast-import fetch fetch-pack ' +
    'filter-branch for-each-ref format-patch fsck gc grep hash-object help init interpret-trailers log ' +
    'ls-files ls-remote ls-tree maintenance merge merge-base merge-file merge-tree mergetool mv name-rev ' +
    'notes pack-objects prune pull push range-diff read-tree rebase reflog remote repack replace ' +
    'request-pull rerere reset restore rev-list rev-parse revert rm send-email shortlog show show-branch ' +
    'show-ref sparse-checkout stage stash status submodule switch symbolic-ref tag unpack-objects ' +
    'update-index update-ref var verify-commit verify-tag version whatchanged worktree write-tree'
  ).split(' '),
)

/** Notes what `git config` defines, at the arguments behind `config`. */
export function noteAlias(aliases: Aliases, args: Command): void {
  const [name = '', value, ...others] = args.filter(
    (arg, at) => !arg.startsWith('-') && !(at === 0 && arg === 'set'),
  )
  const [, alias] = /^alias\.(.+)$/i.exec(name) ?? []
  if (alias === undefined) return
  const isSet = value !== undefined && others.length === 0
  if (isSet && !/^--(?:get|unset)|^-[ef]$|^--file/.test(args[0] ?? '')) aliases.set(alias, value)
  else if (args.some((arg) => /^(?:--unset(?:-all)?|unset)$/.test(arg))) aliases.delete(alias)
}

/** `alias.ci=commit`, as it stands behind `-c`. */
export function noteOption(aliases: Aliases, option: string | undefined): void {
  const [, alias, value] = /^alias\.([^=]+)=([\s\S]*)$/i.exec(option ?? '') ?? []
  if (alias !== undefined && value !== undefined) aliases.set(alias, value)
}

/** What a subcommand stands for; undefined where it is no alias that is known. */
export function expansionOf(
  aliases: ReadonlyMap<string, string>,
  subcommand: string,
  args: Command,
): Expansion | undefined {
  const value = COMMANDS.has(subcommand) ? undefined : aliases.get(subcommand)
  if (value === undefined) return undefined
  if (value.startsWith('!')) {
    const own = args.map((arg) => `'${arg.replaceAll("'", String.raw`'\''`)}'`)
    return { script: [value.slice(1), ...own].join(' ') }
  }
  const [words, ...more] = shellCommands(value)
  // It is words, whatever a shell would make of them.
  if (words === undefined || isSubshell(words) || more.length > 0) return undefined
  return { args: [...words, ...args] }
}
