/** The completion scripts, loaded and asked in the shells they are for. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { createHome, hasProgram } from './cli/home.ts'

type Ask = (words: readonly string[]) => string

/** What each shell needs to say which words it would offer; the script is at `$SCRIPT`. */
const asks: Readonly<Record<string, Ask>> = {
  bash: (words) => `set -eu
source "$SCRIPT"; source "$SCRIPT"
complete -p claude-telemetry >&2
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_claude_telemetry
[ "\${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`,
  // A description follows the first colon.
  zsh: (words) => `setopt err_exit no_unset
autoload -Uz compinit && compinit -u -d "$HOME/dump"
source "$SCRIPT"; source "$SCRIPT"
[[ $_comps[claude-telemetry] == _claude_telemetry ]]
_describe() { print -rl -- "\${found[@]}" }
words=(${words.map((word) => `'${word}'`).join(' ')})
CURRENT=${words.length}
PREFIX='${words.at(-1)}'
_claude_telemetry | sed 's/:.*//' | { grep "^$PREFIX" || true }`,
  // One at a time, as Tab would ask.
  fish: (words) => `source "$SCRIPT"; source "$SCRIPT"
complete -C '${words.join(' ')}' | string replace -r '\\t.*' ''
true`,
}

const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['claude-telemetry', 'inst'], ['install']],
  [
    ['claude-telemetry', 'outbox', ''],
    ['drop', 'list', 'retry'],
  ],
  [
    ['claude-telemetry', 'install', '--protocol', 'http/'],
    ['http/json', 'http/protobuf'],
  ],
  [['claude-telemetry', 'install', '--dry-run', '--tr'], ['--traces']],
  [
    ['claude-telemetry', 'completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['claude-telemetry', 'outbox', 'list', '--a'], []],
  [['claude-telemetry', 'outbox', 'retry', '--a'], ['--all']],
]

describe.each(Object.entries(asks))('%s', (shell, ask) => {
  test.skipIf(!hasProgram(shell))('loads the script, twice, and completes', () => {
    const home = createHome()
    const { code, stdout } = home.run(['completion', shell])
    expect(code).toBe(0)
    const script = home.write('script', stdout)
    const answers = cases.map(([words]) => {
      const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell] ?? []
      const asked = spawnSync(shell, [...flags, '-c', ask(words)], {
        env: { HOME: home.folder, PATH: process.env.PATH, SCRIPT: script },
        encoding: 'utf8',
      })
      const offered = asked.stdout.split('\n').filter((word) => word !== '' && word !== '--help')
      return [words, asked.status === 0 ? offered.sort() : asked.stderr]
    })
    expect(answers).toEqual(cases)
  })
})
