/** What calls of a session count for: the commit that follows, its branch and its pull request. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent, ToolReport, ToolResultEvent } from '../../../../src/domain/agent-event.ts'
import { sessionKeyOf } from '../../../../src/domain/identity.ts'
import type { WorkSegment } from '../../../../src/domain/work.ts'
import { reduce, type SessionInput } from '../../../../src/sessions/reduce.ts'
import { arrives, at, call, fresh, policy, prompt, result, sample, span, told } from '../events.ts'

/** What is stored of each stretch of work, with what its calls cost. */
interface Stretch extends Omit<WorkSegment, 'segment'> {
  readonly costUsd: number
}

function stretchesOf(inputs: readonly SessionInput[]): readonly Stretch[] {
  const segments = new Map<number, WorkSegment>()
  const costs = new Map<number, number>()
  let state = fresh()
  for (const input of inputs) {
    const step = reduce(state, [input], policy)
    // As if it had been stored and read again.
    state = JSON.parse(JSON.stringify(step.state)) as typeof state
    for (const segment of step.usage.work ?? []) segments.set(segment.segment, segment)
    for (const { dimensions, costUsd } of step.usage.models) {
      const number = Number(dimensions.segment ?? 0)
      costs.set(number, Number(((costs.get(number) ?? 0) + costUsd).toFixed(9)))
    }
  }
  const numbers = [...new Set([...segments.keys(), ...costs.keys()])].sort((a, b) => a - b)
  return numbers.map((number) => {
    const { segment: _, ...rest } = segments.get(number) ?? { segment: number }
    return { ...rest, costUsd: costs.get(number) ?? 0 }
  })
}

/** The cost by what a stretch is for; unattributed is `(none)`. */
function costsBy(of: (stretch: Stretch) => string | undefined, inputs: readonly SessionInput[]) {
  const costs: Record<string, number> = {}
  for (const stretch of stretchesOf(inputs)) {
    const name = of(stretch) ?? '(none)'
    costs[name] = Number(((costs[name] ?? 0) + stretch.costUsd).toFixed(9))
  }
  return costs
}
const byCommit = (...inputs: readonly SessionInput[]) =>
  costsBy(({ commit }) => commit?.name, inputs)
const byBranch = (...inputs: readonly SessionInput[]) => costsBy(({ branch }) => branch, inputs)

const spend = (seconds: number, usd: number, more = {}): SessionInput =>
  arrives(call(seconds, `r${seconds}`, { ...told(usd), ...more }))

function bash(
  seconds: number,
  command: string,
  output?: string,
  more: Partial<ToolResultEvent> = {},
): SessionInput {
  return arrives(
    result(seconds, `t${seconds}`, {
      input: JSON.stringify({ command }),
      ...(output !== undefined && { output }),
      ...more,
    }),
  )
}

function hook(seconds: number, toolUseId: string, more: Partial<ToolReport>): SessionInput {
  const report: ToolReport = {
    kind: 'tool_report',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `hook|${seconds}|${more.state}`,
    name: 'Hook',
    timeMs: at(seconds),
    promptId: 'p1',
    identity: {},
    tool: 'Bash',
    toolUseId,
    state: 'done',
    ...more,
  }
  return arrives(report)
}

const labelled = (seconds: number, labels: Readonly<Record<string, string>>): SessionInput =>
  hook(seconds, `hook-${seconds}`, { tool: 'Read', identity: { labels } })

describe('what was spent before a commit counts for it', () => {
  test('and what was spent after the last one for none', () => {
    expect(
      byCommit(
        arrives(prompt(0)),
        spend(1, 1),
        spend(2, 2),
        bash(3, 'git commit -m a', '[main 1a2b3c4] a\n 1 file changed'),
        spend(4, 4),
        bash(5, 'git commit -m b', '[main 5d6e7f8] b'),
        spend(6, 8),
      ),
    ).toEqual({ '1a2b3c4': 3, '5d6e7f8': 4, '(none)': 8 })
  })

  test('a revert and a cherry-pick are commits, which no metric counts', () => {
    const copy = (command: string) => bash(4, command, '[main 5d6e7f8] b\n Date: today')
    for (const command of ['git revert --no-edit HEAD', 'git cherry-pick -x 9a8b7c6']) {
      const commit = bash(2, 'git commit -m a', '[main 1a2b3c4] a')
      const inputs = [spend(1, 1), commit, spend(3, 2), copy(command), spend(5, 4)]
      expect(byCommit(...inputs, spend(9, 8))).toEqual({ '1a2b3c4': 1, '5d6e7f8': 2, '(none)': 12 })
      // One that nobody told, beside that of the first tool.
      const counted = [arrives(sample(6, 'commits', 1)), arrives(sample(7, 'commits', 1))]
      expect(byCommit(...inputs, ...counted, spend(9, 8))).toEqual({
        ...{ '1a2b3c4': 1, '5d6e7f8': 2, 'commit 3 of claude-code/s1': 4 },
        '(none)': 8,
      })
    }
  })

  test('by the time of a call, which may come later than the commit', () => {
    const commit = hook(3, 't1', {
      input: { command: 'git commit -m a' },
      output: { stdout: '[main 1a2b3c4] a', stderr: '' },
    })
    expect(byCommit(commit, spend(2, 1), spend(4, 2))).toEqual({ '1a2b3c4': 1, '(none)': 2 })
  })

  test('with its turn, and a name of its own where it printed no hash', () => {
    expect(
      stretchesOf([arrives(prompt(0)), spend(1, 1), bash(3, 'git commit -qm a'), spend(4, 2)]),
    ).toEqual([
      {
        commit: {
          name: 'commit 1 of claude-code/s1',
          isHash: false,
          atMs: at(3),
          turn: 'prompt-p1',
        },
        costUsd: 1,
      },
      { costUsd: 2 },
    ])
  })

  test.each([
    ['a command that only prints it', bash(3, 'echo git commit -m a')],
    ['a dry run', bash(3, 'git commit --dry-run -m a')],
    ['one that failed', bash(3, 'git commit -m a', 'error: pathspec', { success: false })],
    [
      'one that had nothing to do',
      bash(3, 'git commit -m a || true', 'nothing to commit, working tree clean'),
    ],
    ['one that ended with a code', bash(3, 'git commit -m a', 'Exit code: 1\n')],
    [
      'one that ended with a code in JSON',
      bash(3, 'git commit -m a', '{"output":"","metadata":{"exit_code":1}}'),
    ],
    [
      'one that was refused',
      hook(3, 't', { state: 'begun', input: { command: 'git commit -m a' } }),
    ],
  ])('but not for %s', (_, input) => {
    expect(byCommit(spend(1, 1), input, spend(4, 2))).toEqual({ '(none)': 3 })
  })

  test('a later command of the same line may fail', () => {
    const failed = bash(3, 'git commit -m a && npm test', '[main 1a2b3c4] a\n1 failing', {
      success: false,
    })
    expect(byCommit(spend(1, 1), failed, spend(4, 2))).toEqual({ '1a2b3c4': 1, '(none)': 2 })
  })

  test('two in one command: the first has it', () => {
    const both = bash(3, 'git commit -m a; git commit -m b', '[main aaaaaaa] a\n[main bbbbbbb] b')
    expect(byCommit(spend(1, 1), both, spend(4, 2))).toEqual({
      aaaaaaa: 1,
      bbbbbbb: 0,
      '(none)': 2,
    })
  })

  test('of subagents that work at the same time, by the time of their calls', () => {
    const of = (subagentId: string) => ({ subagentId, subagentType: 'Plan' })
    expect(
      byCommit(
        spend(1, 1, of('a')),
        spend(2, 2, of('b')),
        bash(3, 'git commit -m a', '[main aaaaaaa] a', { subagentId: 'a' }),
        spend(4, 4, of('b')),
        bash(5, 'git commit -m b', '[main bbbbbbb] b', { subagentId: 'b' }),
      ),
    ).toMatchObject({ aaaaaaa: 3, bbbbbbb: 4 })
  })

  test('of a session without a single call, too', () => {
    expect(byCommit(bash(3, 'git commit -m a', '[main aaaaaaa] a'))).toMatchObject({ aaaaaaa: 0 })
  })
})

describe('is seen wherever it stands in a command', () => {
  test.each([
    'npm test\ngit commit -m a',
    'cd sub\r\ngit commit -am a',
    'if true; then\n\tgit commit -m a\nfi',
    'if true; then\tgit commit -m a; fi',
    'npm test && git commit -m a',
  ])('%j', (command) => {
    const input = JSON.stringify({ command })
    // As encoders that escape what HTML does not take.
    const escaped = input.replaceAll('&', '\\u0026').replace(' git', '\\u0020git')
    for (const told of [input, escaped]) {
      const commit = bash(3, '', '[main 1a2b3c4] a', { input: told })
      expect(byCommit(spend(1, 1), commit)).toMatchObject({ '1a2b3c4': 1 })
    }
  })

  test.each([
    ['behind what the input leaves out', 'echo ', '; git commit -qm a'],
    ['behind a text of many lines', "cat > a <<'EOF'\n", '\nEOF\ngit add a\ngit commit -qm a'],
    ['with a first one before it', 'git commit -qm a; echo ', '; git commit -qm b'],
  ])('%s', (_, before, after) => {
    const command = `${before}${'line\n'.repeat(1000)}${after}`
    const input = JSON.stringify({ command: `${command.slice(0, 128)}…[${command.length} chars]` })
    const parameters = JSON.stringify({ bash_command: 'cat', full_command: command })
    const cut = arrives(result(3, 't1', { input, parameters }))
    const whole = arrives(result(3, 't1', { input: JSON.stringify({ command }) }))
    const costs = byCommit(spend(1, 1), whole)
    expect(costs).toMatchObject({ 'commit 1 of claude-code/s1': 1 })
    expect(byCommit(spend(1, 1), cut)).toEqual(costs)
    // A hook that was told the beginning alone.
    const begun = hook(2, 't1', { state: 'begun', input: { command: command.slice(0, 128) } })
    expect(byCommit(spend(1, 1), begun, cut)).toEqual(costs)
  })
})

describe('the same commit', () => {
  const input = { command: 'git commit -m a' }

  test('told by hooks, its result, and its span counts once, by the time of the agent', () => {
    expect(
      stretchesOf([
        spend(1, 1),
        hook(2, 't1', { state: 'begun', input }),
        hook(9, 't1', { state: 'done', input }),
        // It came before anybody knew better.
        spend(4, 2),
        arrives(result(3, 't1', { input: JSON.stringify(input) })),
        spend(5, 4),
        arrives(span('tool', 2, 3, { toolUseId: 't1', output: '[feature 1a2b3c4] a' })),
        spend(6, 8),
      ]),
    ).toEqual([
      {
        branch: 'feature',
        commit: { name: '1a2b3c4', isHash: true, atMs: at(3), turn: 'prompt-p1' },
        costUsd: 3,
      },
      { branch: 'feature', costUsd: 12 },
    ])
  })

  test('is known by what a hook told of its input, where telemetry leaves it out', () => {
    expect(
      byCommit(
        spend(1, 1),
        hook(2, 't1', { state: 'begun', input }),
        arrives(result(3, 't1')),
        spend(4, 2),
      ),
    ).toEqual({ 'commit 1 of claude-code/s1': 1, '(none)': 2 })
  })

  test('is named by an output that came before it', () => {
    expect(
      byCommit(
        spend(1, 1),
        arrives(span('tool', 2, 3, { toolUseId: 't3', output: '[main 1a2b3c4] a' })),
        bash(3, 'git commit -m a'),
      ),
    ).toMatchObject({ '1a2b3c4': 1 })
  })

  test('is counted by a metric as well, before or after', () => {
    const commit = bash(3, 'git commit -m a', '[main 1a2b3c4] a')
    const counted = arrives(sample(5, 'commits', 1))
    for (const both of [
      [commit, counted],
      [counted, commit],
    ]) {
      expect(byCommit(spend(1, 1), ...both, spend(6, 2))).toEqual({ '1a2b3c4': 1, '(none)': 2 })
    }
  })

  test('is named by the agent in the parameters of the tool', () => {
    const hash = '1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b'
    const parameters = JSON.stringify({ full_command: 'git commit -qm a', git_commit_id: hash })
    expect(byCommit(spend(1, 1), arrives(result(3, 't1', { parameters })))).toMatchObject({
      [hash]: 1,
    })
  })
})

describe('what proves a commit', () => {
  const CLEAN = 'On branch main\nnothing to commit, working tree clean'
  const hash = '8ab0098f5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b'
  const parameters = (command: string) =>
    JSON.stringify({ full_command: command, git_commit_id: hash, git_branch: 'feat/x' })

  test.each([
    ['git add -A && git commit -qm a && git status', CLEAN],
    ['git commit -qm a; git push -q; git status', CLEAN],
    ['git commit -qm a && git status | head -20', CLEAN],
    ['git status; git add -A; git commit -qm a', 'no changes added to commit (use "git add")'],
    ['git status && git commit -qam a && git status', `no changes added to commit\n${CLEAN}`],
    ['git stash pop; git commit -qam a', 'no changes added to commit (use "git add")'],
    ['git commit --dry-run; git add -A; git commit -qm a', 'nothing added to commit but'],
    ['git commit -m a | tail -1; ./x', `[main 1a2b3c4] a\n${CLEAN}`],
  ])('%s: what a status says is no proof against it', (command, output) => {
    expect(byCommit(spend(1, 1), bash(3, command, output), spend(4, 2))).toMatchObject({
      '(none)': 2,
    })
  })

  test.each([
    ['git commit -m a || true; git status', `${CLEAN}\n${CLEAN}`],
    ['git commit -m a | tail -1; git status -s', CLEAN],
    ['git status --porcelain; git commit -m a || true', CLEAN],
  ])('%s: none where the commit says so as well', (command, output) => {
    const tool = bash(3, command, output)
    expect(byCommit(spend(1, 1), tool, spend(4, 2))).toEqual({ '(none)': 3 })
    // Nor is what the agent counts, which is the command.
    const counted = arrives(sample(5, 'commits', 1))
    expect(byCommit(spend(1, 1), tool, counted, spend(6, 2))).toEqual({ '(none)': 3 })
  })

  test('the agent, in the parameters of the tool, of a command that nobody knows', () => {
    const tool = arrives(result(3, 't1', { parameters: parameters('make release') }))
    const stretches = stretchesOf([spend(1, 1), tool])
    expect(stretches.map(({ commit, branch }) => [commit?.name, branch])).toEqual([
      [hash, 'feat/x'],
      [undefined, 'feat/x'],
    ])
  })

  test('the agent, where the output that a hook told says that there was nothing', () => {
    const input = { command: 'make commit && git commit -qm a' }
    const done = hook(2, 't1', { input, output: { stdout: CLEAN } })
    const proof = arrives(result(3, 't1', { parameters: parameters(input.command) }))
    const plain = arrives(result(3, 't1', { input: JSON.stringify(input) }))
    expect(byCommit(spend(1, 1), done, plain)).toEqual({ '(none)': 1 })
    expect(byCommit(spend(1, 1), plain, done)).toEqual({ '(none)': 1 })
    for (const order of [
      [done, proof],
      [proof, done],
      [plain, done, proof, done],
    ]) {
      const counted = arrives(sample(5, 'commits', 1))
      expect(byCommit(spend(1, 1), ...order, counted, spend(6, 2))).toEqual({
        [hash]: 1,
        '(none)': 2,
      })
    }
  })

  test('a line that was printed before a later commit of the command failed', () => {
    const output = '[main 1a2b3c4] a\nhusky - pre-commit hook exited with code 1'
    const both = bash(3, 'git commit -m a && git commit -m b', output, { success: false })
    expect(byCommit(spend(1, 1), both, spend(4, 2))).toEqual({ '1a2b3c4': 1, '(none)': 2 })
  })

  test('a metric that counts more than the commands that are told', () => {
    const inputs = [
      bash(2, 'ls'),
      bash(3, 'git commit -m a', '[main 1a2b3c4] a'),
      spend(4, 1),
      arrives(sample(5, 'commits', 1)),
      spend(6, 2),
      arrives(sample(7, 'commits', 1, { dedupKey: 'second' })),
      spend(8, 4),
    ]
    expect(byCommit(...inputs)).toEqual({
      '1a2b3c4': 0,
      'commit 2 of claude-code/s1': 3,
      '(none)': 4,
    })
  })
})

test('what a metric counts beyond the commands that are told only looked like a commit', () => {
  expect(
    byCommit(
      spend(1, 1),
      bash(2, 'echo git commit -m a'),
      arrives(sample(3, 'commits', 1)),
      arrives(sample(3, 'pull_requests', 1)),
      spend(4, 2),
    ),
  ).toEqual({ '(none)': 3 })
})

test('sessions whose ids begin alike, or are the same of two agents, have commits of their own', () => {
  const names = [
    sessionKeyOf('codex', '019abcde-0001-7000-8000-000000000000'),
    sessionKeyOf('codex', '019abcde-0002-7000-8000-000000000000'),
    sessionKeyOf('opencode', '019abcde-0002-7000-8000-000000000000'),
    sessionKeyOf('codex', '019abcde-0001-7000-8000-000000000000', { team: 'red' }),
  ].map((key) => {
    const inputs = [bash(2, 'git commit -qm a'), bash(3, 'gh pr create --fill')]
    const { usage } = reduce({ ...fresh(), key }, inputs, policy)
    const stretches = [...(usage.work ?? [])]
    return stretches.flatMap(({ commit, pullRequest }) => [commit?.name, pullRequest?.name])
  })
  const told = names.flat().filter((name) => name !== undefined)
  expect(told).toHaveLength(8)
  expect(new Set(told).size).toBe(8)
})

test('a commit that an earlier version knew in a tool under way is named, not made again', () => {
  const input = { command: 'git commit -qm a' }
  const before = reduce(fresh(), [spend(1, 1), hook(2, 't1', { input })], policy)
  const state = JSON.parse(JSON.stringify(before.state)) as typeof before.state
  delete state.work?.explained
  for (const tool of Object.values(state.work?.tools ?? {})) {
    delete (tool as { made?: readonly number[] }).made
  }
  const hash = '8ab0098f5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b'
  const parameters = JSON.stringify({ full_command: input.command, git_commit_id: hash })
  const more = [arrives(result(3, 't1', { parameters })), arrives(sample(4, 'commits', 1))]
  const { usage, state: after } = reduce(state, more, policy)
  expect(usage.work?.flatMap(({ commit }) => commit?.name ?? [])).toEqual([hash])
  expect(after.work?.commits).toBe(1)
})

test('names that were stored by an earlier version stay', () => {
  const before = reduce(fresh(), [bash(2, 'git commit -qm a')], policy)
  const stored = JSON.stringify(before.state).replaceAll('of claude-code/s1', 'of s1')
  const state = JSON.parse(stored) as typeof before.state
  const { usage } = reduce(state, [bash(3, 'git commit --amend --no-edit')], policy)
  expect(usage.work?.find(({ commit }) => commit !== undefined)?.commit?.name).toBe(
    'commit 1 of s1',
  )
})

test('a commit that only a metric counts has what was spent up to then', () => {
  expect(byCommit(spend(1, 1), arrives(sample(3, 'commits', 1)), spend(4, 2))).toEqual({
    'commit 1 of claude-code/s1': 1,
    '(none)': 2,
  })
})

test('an amended commit takes the place of the one before, with what was spent since', () => {
  expect(
    byCommit(
      spend(1, 1),
      bash(2, 'git commit -m a', '[main aaaaaaa] a'),
      spend(3, 2),
      bash(4, 'git commit --amend --no-edit', '[main bbbbbbb] a'),
      spend(5, 4),
    ),
  ).toEqual({ bbbbbbb: 3, '(none)': 4 })
})

describe('several repositories', () => {
  const shop = { folder: 'shop', repository: 'ada/shop', branch: 'main' }
  const site = { folder: 'site', repository: 'ada/site', branch: 'dev' }

  test('each have the commits that are made in them', () => {
    expect(
      byCommit(
        labelled(0, shop),
        spend(1, 1),
        labelled(2, site),
        spend(3, 2),
        bash(4, 'git commit -m a', '[dev aaaaaaa] a'),
        spend(5, 4),
        labelled(6, shop),
        spend(7, 8),
        bash(8, 'git commit -m b', '[main bbbbbbb] b'),
      ),
    ).toEqual({ aaaaaaa: 2, '(none)': 4, bbbbbbb: 9 })
  })

  test('that a command names by a folder', () => {
    expect(
      stretchesOf([
        labelled(0, shop),
        spend(1, 1),
        bash(2, 'git -C ../site commit -m a', '[dev aaaaaaa] a'),
        bash(3, 'cd src && git commit -m b', '[main bbbbbbb] b'),
      ]).map(({ repository, branch, commit, costUsd }) => [
        repository,
        branch,
        commit?.name,
        costUsd,
      ]),
    ).toEqual([
      ['ada/shop', 'main', 'bbbbbbb', 1],
      ['site', 'dev', 'aaaaaaa', 0],
      ['ada/shop', 'main', undefined, 0],
    ])
  })

  test('of which nobody told: each commit has what was spent before', () => {
    expect(
      byCommit(
        spend(1, 1),
        bash(2, 'cd /srv/shop && git commit -m a', '[main aaaaaaa] a'),
        spend(3, 2),
        bash(4, 'git -C /srv/site commit -m b', '[main bbbbbbb] b'),
      ),
    ).toMatchObject({ aaaaaaa: 1, bbbbbbb: 2 })
  })
})

describe('the repository of the session, in a folder that is not called like it', () => {
  const labels = { folder: 'my-clone', repository: 'acme/shop', branch: 'feature/x' }
  const CWD = '/home/ada/g/my-clone'
  const begins = (more: Partial<ToolReport> = {}): SessionInput =>
    hook(0, 'hook-0', { tool: 'Read', cwd: CWD, identity: { labels }, ...more })
  const commits = (command: string, ...before: readonly SessionInput[]) =>
    stretchesOf([
      ...before,
      spend(1, 1),
      bash(2, command, '[feature/x 1a2b3c4] a'),
      spend(3, 2),
    ]).map(({ repository, branch, commit, costUsd }) => [repository, branch, commit?.name, costUsd])
  const known = [
    ['acme/shop', 'feature/x', '1a2b3c4', 1],
    ['acme/shop', 'feature/x', undefined, 2],
  ]

  test.each([
    'git commit -m a',
    `cd ${CWD} && git commit -m a`,
    `cd ${CWD}/ && git commit -m a`,
    `git -C ${CWD} commit -m a`,
    `git --git-dir=${CWD}/.git --work-tree=${CWD} commit -m a`,
    `cd ${CWD}/packages/pay && git commit -m a`,
    'cd .. && cd my-clone && git commit -m a',
    'cd ../my-clone && git commit -m a',
    'cd ~/g/my-clone && git commit -m a',
    'cd "$HOME/g/my-clone" && git commit -m a',
    `bash -lc 'cd ${CWD} && git commit -m a'`,
    `pushd ${CWD} && git commit -m a`,
  ])('%s', (command) => {
    expect(commits(command, begins())).toEqual(known)
    // A transcript tells the last part of the path alone.
    const folderOnly = labelled(0, labels)
    expect(commits(command, folderOnly)).toEqual(known)
  })

  test.each([
    ['its root, from a folder in it', `${CWD}/packages/pay`, `cd ${CWD} && git commit -m a`],
    ['the folder above', `${CWD}/packages`, 'cd .. && git commit -m a'],
    ['on a Mac', '/private/tmp/my-clone', 'cd /tmp/my-clone && git commit -m a'],
    ['with Git Bash', 'C:\\src\\my-clone', 'cd /c/src/my-clone && git commit -m a'],
  ])('%s', (_, cwd, command) => {
    expect(commits(command, begins({ cwd }))).toEqual(known)
  })

  test('where no folder is told, by the branch that the commit printed', () => {
    const place = { repository: 'acme/shop', branch: 'feature/x' }
    expect(commits('cd /work/tree && git commit -m a', labelled(0, place))).toEqual(known)
  })

  test.each([
    ['a folder beside it', 'cd ../site && git commit -m a', 'site'],
    ['another path', 'cd /srv/site && git commit -m a', 'site'],
    ['a longer name', `cd ${CWD}-2 && git commit -m a`, 'my-clone-2'],
  ])('but not %s', (_, command, repository) => {
    expect(commits(command, begins())).toEqual([
      ['acme/shop', 'feature/x', undefined, 3],
      [repository, 'feature/x', '1a2b3c4', 0],
    ])
  })

  test('a folder in which it worked before has the repository that was told then', () => {
    const site = { folder: 'www', repository: 'acme/site', branch: 'feature/x' }
    const before = hook(-2, 'hook-1', { tool: 'Read', cwd: '/srv/www', identity: { labels: site } })
    const repositories = commits('cd /srv/www && git commit -m a', before, begins()).map(
      ([repository, , commit]) => [repository, commit],
    )
    expect(repositories).toContainEqual(['acme/site', '1a2b3c4'])
  })

  test('by the folder in which the command was begun, wherever it ended', () => {
    const command = { command: 'cd .. && cd my-clone && git commit -m a && cd /srv/site' }
    const inputs = [
      begins(),
      spend(1, 1),
      hook(2, 't2', { state: 'begun', cwd: CWD, input: command, identity: { labels } }),
      hook(3, 't2', { cwd: '/srv/site', input: command, output: '[feature/x 1a2b3c4] a' }),
    ]
    expect(byCommit(...inputs)).toEqual({ '1a2b3c4': 1, '(none)': 0 })
  })

  test('has the branches that are checked out there', () => {
    const command = `cd ${CWD} && git switch -c y`
    expect(byBranch(begins(), spend(1, 1), bash(2, command), spend(3, 2))).toEqual({
      'feature/x': 1,
      y: 2,
    })
    const elsewhere = 'cd /srv/site && git switch -c y'
    expect(byBranch(begins(), spend(1, 1), bash(2, elsewhere), spend(3, 2))).toEqual({
      'feature/x': 3,
    })
  })
})

describe('a commit on another branch', () => {
  const url = 'https://github.com/acme/shop/pull/7'
  const onFirst = [
    labelled(0, { repository: 'acme/shop', branch: 'main' }),
    ...[spend(1, 1), bash(2, 'git switch -c one'), spend(3, 2)],
    ...[bash(4, 'git commit -m a', '[one aaaaaaa] a'), spend(5, 4)],
    ...[bash(6, 'gh pr create --fill', url), spend(7, 8), bash(8, 'git switch -c two')],
  ]
  const rows = (...inputs: readonly SessionInput[]) =>
    stretchesOf([...onFirst, spend(9, 16), ...inputs, spend(11, 32)]).map(
      ({ branch, commit, pullRequest, costUsd }) => [
        ...[branch, commit?.name, pullRequest?.name, costUsd],
      ],
    )
  const known = [
    ['one', 'aaaaaaa', undefined, 1],
    ['one', 'aaaaaaa', undefined, 2],
    ['one', 'bbbbbbb', url, 12],
    ['two', 'bbbbbbb', undefined, 16],
    ['two', undefined, undefined, 32],
  ]
  const output = '[two bbbbbbb] b'

  test('has what was spent on the first one, which stays there with its pull request', () => {
    expect(rows(bash(10, 'git commit -m b', output))).toEqual(known)
  })

  test('told later, too', () => {
    const printed = arrives(span('tool', 9, 10, { toolUseId: 't10', output }))
    expect(rows(bash(10, 'git commit -m b'), printed)).toEqual(known)
  })

  test('nor takes a pull request that was opened where nobody knows the branch', () => {
    const opened = bash(2, 'gh pr create --fill', url)
    const commit = bash(5, 'git commit -m b', output)
    const stretches = stretchesOf([
      ...[spend(1, 1), opened, spend(3, 2), bash(4, 'git switch -c two'), commit, spend(6, 4)],
    ])
    expect(stretches.map(({ branch, costUsd }) => [branch, costUsd])).toEqual([
      [undefined, 3],
      ['two', 0],
      ['two', 4],
    ])
    // The same branch, which the commit tells.
    const [same] = stretchesOf([spend(1, 1), opened, spend(3, 2), commit])
    expect(same).toMatchObject({ branch: 'two', pullRequest: { name: url }, costUsd: 3 })
  })

  test('knows the branch of its own stretch better than what was told before', () => {
    const other = bash(10, 'git commit -m b', '[three bbbbbbb] b')
    expect(rows(other).slice(2)).toEqual([
      ['one', 'bbbbbbb', url, 12],
      ['three', 'bbbbbbb', undefined, 16],
      ['three', undefined, undefined, 32],
    ])
  })
})

describe('another working copy of the repository, which the session makes', () => {
  const labels = { folder: 'shop', repository: 'acme/shop', branch: 'main' }
  const CWD = '/home/ada/shop'
  const begins = hook(0, 'hook-0', { tool: 'Read', cwd: CWD, identity: { labels } })
  const rows = (inputs: readonly SessionInput[]) =>
    stretchesOf(inputs).map(({ repository, branch, commit, costUsd }) => [
      ...[repository, branch, commit?.name, costUsd],
    ])
  const commit = 'git commit -m a'
  const known = [
    ['acme/shop', 'fix', '1a2b3c4', 1],
    ['acme/shop', 'main', undefined, 2],
  ]

  test.each([
    [`git worktree add ../tree -b fix`, `cd ../tree && ${commit}`],
    [`git worktree add -b fix ../tree origin/main`, `git -C ../tree/src ${commit.slice(4)}`],
    [`cd src && git worktree add ../../tree -b fix`, `cd ${CWD}/../tree && ${commit}`],
    [`git -C ${CWD} worktree add /home/ada/tree fix`, `cd ~/tree && ${commit}`],
    [`git worktree add ../fix`, `cd ../fix && ${commit}`],
    [`git worktree add .trees/tree -b fix`, `cd .trees/tree && ${commit}`],
    [`TREE=../tree; git worktree add "$TREE" -b fix`, `cd ../tree && ${commit}`],
  ])('%s; %s', (add, then) => {
    const output = '[fix 1a2b3c4] a'
    expect(rows([begins, spend(1, 1), bash(2, add), bash(3, then, output), spend(4, 2)])).toEqual(
      known,
    )
    const both = bash(2, `(${add}) && ${then}`, output)
    expect(rows([begins, spend(1, 1), both, spend(4, 2)])).toEqual(known)
  })

  test('has the branch that it was made with, where a commit prints none', () => {
    const add = bash(2, 'git worktree add ../tree -b fix')
    const silent = bash(3, 'cd ../tree && git commit -qm a')
    expect(byBranch(begins, spend(1, 1), add, silent, spend(4, 2))).toEqual({ fix: 1, main: 2 })
  })

  test('and its pull request is of that branch', () => {
    const add = bash(2, 'git worktree add ../tree origin/fix')
    const made = bash(3, `cd ../tree && ${commit}`, '[fix 1a2b3c4] a')
    const url = 'https://github.com/acme/shop/pull/7'
    const opened = bash(4, 'cd ../tree && gh pr create --fill', url)
    const [first] = stretchesOf([begins, spend(1, 1), add, made, opened]).flatMap(
      ({ pullRequest }) => pullRequest ?? [],
    )
    expect(first).toMatchObject({ name: url, branch: 'fix' })
  })

  test('where a later command failed, by what git says', () => {
    const output = "Preparing worktree (new branch 'fix')\nHEAD is now at 9a8b7c6 x"
    const add = bash(2, 'git worktree add ../tree -b fix && npm ci', output, { success: false })
    const made = bash(3, `cd ../tree && ${commit}`, '[fix 1a2b3c4] a')
    expect(rows([begins, spend(1, 1), add, made, spend(4, 2)])).toEqual(known)
  })

  test.each([
    ['that was not made', bash(2, 'git worktree add ../tree', 'fatal: x', { success: false })],
    ['of another repository', bash(2, 'git -C /srv/site worktree add /home/ada/tree -b fix')],
    ['in a folder that nobody knows', bash(2, 'git worktree add "$DIR" -b fix')],
    ['that was removed', bash(2, 'git worktree remove ../tree')],
  ])('but none %s', (_, add) => {
    const made = bash(3, `cd ../tree && ${commit}`, '[fix 1a2b3c4] a')
    expect(byCommit(begins, spend(1, 1), add, made)).toEqual({ '1a2b3c4': 0, '(none)': 1 })
  })
})

test('a commit that a metric told first is at the time of its tool, also for what is told behind that', () => {
  const counted = arrives(sample(9, 'commits', 1))
  const commit = bash(4, 'git commit -qm a')
  expect(byCommit(spend(1, 1), counted, commit, spend(3, 2), spend(5, 4), spend(10, 8))).toEqual({
    'commit 1 of claude-code/s1': 3,
    '(none)': 12,
  })
})

describe('branches', () => {
  test('by hooks, which may tell the old one for a while', () => {
    expect(
      byBranch(
        labelled(0, { repository: 'ada/shop', branch: 'main' }),
        spend(1, 1),
        bash(2, 'git checkout -b feature'),
        labelled(3, { repository: 'ada/shop', branch: 'main' }),
        spend(4, 2),
        labelled(5, { repository: 'ada/shop', branch: 'feature' }),
        spend(6, 4),
        labelled(7, { repository: 'ada/shop', branch: 'main' }),
        spend(8, 8),
      ),
    ).toEqual({ main: 9, feature: 6 })
  })

  test('of resource attributes, as long as nothing better is told', () => {
    const labels = { branch: 'start' }
    expect(
      byBranch(
        spend(1, 1, { identity: { labels } }),
        labelled(2, { branch: 'main' }),
        spend(3, 2, { identity: { labels } }),
      ),
    ).toEqual({ start: 1, main: 2 })
  })

  test('what was spent on one before a commit on another counts for that', () => {
    expect(
      byBranch(
        labelled(0, { repository: 'ada/shop', branch: 'main' }),
        spend(1, 1),
        bash(2, 'git switch -c feature && git commit -am x', '[feature aaaaaaa] x'),
        spend(3, 2),
      ),
    ).toEqual({ feature: 3 })
  })

  test('of a checkout that may be of a file are believed if they are known', () => {
    expect(
      byBranch(
        labelled(0, { branch: 'feature' }),
        spend(1, 1),
        bash(2, 'git checkout README'),
        spend(3, 2),
        bash(4, 'git checkout main'),
        spend(5, 4),
        bash(6, 'git checkout feature'),
        spend(7, 8),
      ),
    ).toEqual({ feature: 11, main: 4 })
  })
})

describe('the branch that git says it checked out', () => {
  const begins = labelled(0, { repository: 'ada/shop', branch: 'a' })
  const branches = (command: string, output?: string, more: Partial<ToolResultEvent> = {}) =>
    byBranch(begins, spend(1, 1), bash(2, command, output, more), spend(3, 2))

  test.each([
    ['git checkout b', "Switched to branch 'b'"],
    ['git checkout -f b', "Switched to branch 'b'"],
    ['git checkout -q b', ''],
    ['git checkout -b b', "Switched to a new branch 'b'"],
    ['git checkout --track origin/b', "Switched to a new branch 'b'"],
    ['git checkout -t origin/b', ''],
    ['git switch --track origin/b', ''],
    ['git checkout b 2>/dev/null || git checkout -b b', "Switched to a new branch 'b'"],
    ['git switch -c b 2>&1 || git switch b', "a branch named 'b' already exists\nAlready on 'b'"],
    ['gh pr checkout 12', "Switched to branch 'b'"],
    ['glab mr checkout 12', "Switched to branch 'b'"],
    ['git stash branch b', ''],
    ['git switch -', "Switched to branch 'b'"],
    [
      'git checkout main && git pull && git checkout b',
      "Switched to branch 'main'\nSwitched to branch 'b'",
    ],
    ['git checkout -B b origin/main', "Switched to and reset branch 'b'"],
    ['git switch -c "$NAME"', "Switched to a new branch 'b'"],
  ])('%s', (command, output) => {
    expect(branches(command, output)).toEqual({ a: 1, b: 2 })
    if (output === '') return
    // Also where a later command fails, and where the output comes apart from it.
    expect(branches(command, output, { success: false })).toEqual({ a: 1, b: 2 })
    const printed = arrives(span('tool', 1, 2, { toolUseId: 't2', output }))
    expect(byBranch(begins, spend(1, 1), bash(2, command), printed, spend(3, 2))).toEqual({
      a: 1,
      b: 2,
    })
    expect(byBranch(begins, spend(1, 1), printed, bash(2, command), spend(3, 2))).toEqual({
      a: 1,
      b: 2,
    })
  })

  test.each([
    ['git checkout b', "error: pathspec 'b' did not match any file(s) known to git"],
    ['git switch -c b; true', "fatal: a branch named 'b' already exists"],
    ['git checkout src/x', 'Updated 1 path from the index'],
    ['git checkout defaced', 'Updated 1 path from the index'],
    ['git checkout 20261127', ''],
    ['git checkout src/x; git reset --hard', 'HEAD is now at abc1234 x'],
    ['git switch -q a && git reset --hard', 'HEAD is now at abc1234 x'],
    ['git switch -', 'fatal: invalid reference: @{-1}'],
    ['git switch -', ''],
    ['git checkout @{-2}', ''],
    ['git switch -c "$NAME"', ''],
    ['cd /srv/site && git checkout b', "Switched to branch 'b'"],
    ['git branch -m other b', ''],
    ['echo x', "Switched to branch 'b'"],
  ])('%s: not with %j', (command, output) => {
    expect(branches(command, output)).toEqual({ a: 3 })
  })

  const advice = (name: string) =>
    `Note: switching to '${name}'.\n\nYou are in 'detached HEAD' state.`

  test.each([
    ['git checkout abc1234', 'HEAD is now at abc1234 x'],
    ['git checkout abc1234', ''],
    [`git checkout ${'1'.repeat(40)}`, ''],
    ['git checkout v1.2.0', advice('v1.2.0')],
    ['git checkout origin/b', `${advice('origin/b')}\nHEAD is now at abc1234 x`],
    ['git checkout HEAD~2', ''],
    ['git switch -q --detach b', ''],
    ['git checkout --detach', 'HEAD is now at abc1234 x'],
  ])('is none behind %s with %j, up to the next', (command, output) => {
    expect(branches(command, output)).toEqual({ a: 1, '(none)': 2 })
    const onward = (more: string) =>
      byBranch(
        begins,
        spend(1, 1),
        bash(2, command, output),
        spend(3, 2),
        bash(4, more),
        spend(5, 4),
      )
    expect(onward('git switch c')).toEqual({ a: 1, '(none)': 2, c: 4 })
    expect(onward('git switch -q -')).toEqual({ a: 5, '(none)': 2 })
    // What was looked at there was for the commit that follows.
    expect(onward('git checkout -q - && git commit -qm x')).toEqual({ a: 7 })
    expect(onward('git commit -qm x')).toEqual({ a: 1, '(none)': 6 })
  })

  test('is none where an output that comes later says so', () => {
    const output = advice('v1.2.0')
    const printed = arrives(span('tool', 1, 2, { toolUseId: 't2', output }))
    const command = bash(2, 'git checkout v1.2.0')
    const expected = { a: 1, '(none)': 2 }
    expect(byBranch(begins, spend(1, 1), command, printed, spend(3, 2))).toEqual(expected)
    expect(byBranch(begins, spend(1, 1), printed, command, spend(3, 2))).toEqual(expected)
  })

  test('may be named by a hook as before, once it named none', () => {
    const hooks = (...between: readonly SessionInput[]) =>
      byBranch(begins, spend(1, 1), bash(2, 'git checkout --detach'), ...between, spend(7, 2))
    const again = labelled(6, { repository: 'ada/shop', branch: 'a' })
    expect(hooks(again)).toEqual({ a: 1, '(none)': 2 })
    expect(hooks(labelled(4, { repository: 'ada/shop' }), again)).toEqual({ a: 3 })
  })

  test.each(['git checkout -', 'git switch -', 'git checkout -q @{-1}'])(
    'is that of before with %s, where the output does not say it',
    (back) => {
      const work = (...inputs: readonly SessionInput[]) =>
        byBranch(begins, spend(1, 1), bash(2, 'git switch -qc b'), spend(3, 2), ...inputs)
      expect(work(bash(4, back), spend(5, 4))).toEqual({ a: 5, b: 2 })
      expect(work(bash(4, back, ''), spend(5, 4), bash(6, back), spend(7, 8))).toEqual({
        a: 5,
        b: 10,
      })
      expect(work(bash(4, `git switch -q a && git pull && ${back}`), spend(5, 4))).toEqual({
        a: 1,
        b: 6,
      })
      // Git counts a branch that was checked out already.
      expect(work(bash(4, 'git switch b', "Already on 'b'"), bash(5, back), spend(6, 4))).toEqual({
        a: 1,
        b: 6,
      })
      expect(work(bash(4, 'git branch -m a c'), bash(5, back), spend(6, 4))).toEqual({ c: 5, b: 2 })
      expect(work(bash(4, back, undefined, { success: false }), spend(5, 4))).toEqual({
        a: 1,
        b: 6,
      })
      const elsewhere = { repository: 'ada/site', branch: 'main' }
      expect(work(labelled(4, elsewhere), bash(5, back), spend(6, 4))).toEqual({
        a: 1,
        b: 2,
        main: 4,
      })
    },
  )

  test('is that of before also when that counts for another by now', () => {
    const starts = labelled(0, { repository: 'ada/shop', branch: 'main' })
    const commit = bash(2, 'git switch -qc b && git commit -qm x')
    expect(
      byBranch(starts, spend(1, 1), commit, spend(3, 2), bash(4, 'git checkout -'), spend(5, 4)),
    ).toEqual({ b: 3, main: 4 })
  })

  test('is that of a commit of the same command, which may print nothing', () => {
    const work = (branch: string, command: string) =>
      byBranch(
        labelled(0, { repository: 'ada/shop', branch }),
        ...[spend(1, 1), bash(2, command), spend(3, 2)],
      )
    expect(work('main', 'git switch -c b && git commit -m x')).toEqual({ b: 3 })
    // One with a name of its own keeps what was spent on it.
    expect(work('a', 'git switch -c b && git commit -m x')).toEqual({ a: 1, b: 2 })
    expect(work('a', 'git commit -m x && git switch -c b')).toEqual({ a: 1, b: 2 })
  })

  test('is that of before as hooks tell it', () => {
    const other = labelled(2, { repository: 'ada/shop', branch: 'b' })
    expect(byBranch(begins, spend(1, 1), other, bash(3, 'git switch -'), spend(4, 2))).toEqual({
      a: 3,
      b: 0,
    })
  })

  test('what was spent on a branch that is renamed counts for its new name', () => {
    expect(branches('git branch -m b', '')).toEqual({ b: 3 })
    expect(branches('git branch -m a b', '')).toEqual({ b: 3 })
  })

  test('is told once: what says it again later does not lead back', () => {
    const output = "Switched to branch 'b'"
    expect(
      byBranch(
        begins,
        spend(1, 1),
        bash(2, 'git checkout b', output),
        bash(3, 'git checkout -b c'),
        arrives(span('tool', 1, 2, { toolUseId: 't2', output })),
        spend(4, 2),
      ),
    ).toEqual({ a: 1, b: 0, c: 2 })
  })

  test('keeps what was spent before it, of which telemetry tells later than the hook', () => {
    const switches = (seconds: number, branch: string) =>
      hook(seconds, `t${seconds}`, {
        input: { command: `git switch ${branch}` },
        output: { stdout: `Switched to branch '${branch}'` },
      })
    expect(
      byBranch(begins, switches(2, 'b'), switches(4, 'c'), spend(1, 1), spend(3, 2), spend(5, 4)),
    ).toEqual({ a: 1, b: 2, c: 4 })
  })

  test('was not checked out before, where nobody knows what was', () => {
    const work = (command: string, output?: string, ...more: readonly SessionInput[]) =>
      byBranch(spend(1, 1), bash(2, command, output), spend(3, 2), ...more)
    expect(work('git switch -c b')).toEqual({ '(none)': 1, b: 2 })
    expect(work('git switch b', "Switched to branch 'b'")).toEqual({ '(none)': 1, b: 2 })
    expect(work('git switch b', "Already on 'b'")).toEqual({ b: 3 })
    // What a commit takes is of its branch.
    expect(work('git switch -c b', '', bash(4, 'git commit -qm a'))).toEqual({ b: 3 })
  })

  test('of several in one command, is the last', () => {
    const told = hook(2, 't2', { input: { command: 'git switch main && git switch -c b' } })
    expect(byBranch(begins, told, spend(1, 1), spend(3, 2))).toEqual({ a: 1, b: 2 })
  })

  test('goes for the folder that a hook tells at the same moment, too', () => {
    const elsewhere = { repository: 'ada/site', branch: 'main' }
    expect(
      byBranch(
        begins,
        labelled(2, elsewhere),
        labelled(4, { branch: 'b' }),
        spend(1, 1),
        spend(3, 2),
      ),
    ).toEqual({ a: 1, main: 2, b: 0 })
  })
})

describe('pull requests', () => {
  const URL = 'https://github.com/acme/widgets/pull/7'
  const pullRequests = (...inputs: readonly SessionInput[]) =>
    stretchesOf(inputs).flatMap(({ pullRequest, repository, repositoryUrl }) =>
      pullRequest === undefined
        ? []
        : [[pullRequest.name, repository, repositoryUrl, pullRequest.branch]],
    )
  const known = [[URL, 'acme/widgets', 'https://github.com/acme/widgets', undefined]]

  test.each<[string, readonly SessionInput[]]>([
    ['printed', [bash(3, 'gh pr create --fill', `${URL}\n`)]],
    [
      'that was there already',
      [
        bash(3, 'gh pr create', `a pull request for branch "x" already exists:\n${URL}`, {
          success: false,
        }),
      ],
    ],
    [
      'printed into its span',
      [
        bash(3, 'gh pr create --fill'),
        arrives(span('tool', 2, 3, { toolUseId: 't3', output: URL })),
      ],
    ],
    [
      'counted by a metric as well',
      [bash(3, 'gh pr create', URL), arrives(sample(4, 'pull_requests', 1))],
    ],
    [
      'by an MCP server',
      [
        bash(3, '', JSON.stringify({ html_url: URL }), {
          tool: 'mcp__github__create_pull_request',
          input: '{"title":"x"}',
        }),
      ],
    ],
  ])('%s', (_, inputs) => {
    expect(pullRequests(spend(1, 1), ...inputs)).toEqual(known)
  })

  const OTHER = 'https://github.com/acme/widgets/pull/5'
  const create = 'gh pr create --fill'
  test.each([
    [create, `Follow-up of ${OTHER}\n\n${URL}\n`],
    [`git log -1 --format=%B && ${create}`, `${OTHER}\n\n${URL}`],
    [`gh pr view 5 --json url -q .url; ${create}`, `${OTHER}\n${URL}`],
    [`${create} && gh pr edit 5 --add-label x`, `${URL}\n${OTHER}`],
    [`${create} && gh pr view 5 --json url,title --jq .url`, `${URL}\n${OTHER}`],
    [`${create} && gh pr view 5 --json title`, URL],
    [`${create}; echo ${OTHER}`, `${URL}\n${OTHER}`],
    [`URL=$(${create}); echo "$URL"; echo "see ${OTHER}"`, `${URL}\nsee ${OTHER}`],
    [`${create} && gh pr comment --body x`, `${URL}\n${OTHER}#issuecomment-1`],
    [create, `Command: gh pr create --body ${OTHER}\nOutput: ${URL}\nExit Code: 0`],
    [create, `\u001b[1m${URL}\u001b[0m\r\n`],
    [create, `remote:   ${OTHER}\n${URL}`],
    ['glab mr create', `!7 Draft (x)\n ${URL}`],
  ])('%s: its own address, of %j', (command, output) => {
    expect(pullRequests(spend(1, 1), bash(3, command, output))).toEqual(known)
    const begun = bash(3, command)
    const printed = arrives(span('tool', 2, 3, { toolUseId: 't3', output }))
    expect(pullRequests(spend(1, 1), begun, printed)).toEqual(known)
    expect(pullRequests(spend(1, 1), printed, begun)).toEqual(known)
  })

  test('none of those that its text mentions', () => {
    const unnamed = [['pull request 1 of claude-code/s1', undefined, undefined, undefined]]
    expect(pullRequests(bash(3, `${create} > out`, `see ${OTHER}`))).toEqual(unnamed)
    const failed = bash(3, create, `not like ${OTHER}: not logged in`, { success: false })
    expect(pullRequests(failed)).toEqual([])
  })

  test('several in one command, each with its address', () => {
    const command = 'gh pr create -H a --fill && gh pr create -H b --fill'
    const inputs = [
      labelled(0, { repository: 'acme/widgets', branch: 'main' }),
      spend(1, 1),
      bash(3, command, `${OTHER}\n${URL}`),
      spend(4, 2),
    ]
    const page = 'https://github.com/acme/widgets'
    expect(pullRequests(...inputs)).toEqual([
      [OTHER, 'acme/widgets', page, 'a'],
      [URL, 'acme/widgets', page, 'b'],
    ])
    const failed = bash(3, command, `${OTHER}\nnot logged in`, { success: false })
    expect(pullRequests(failed)).toEqual([[OTHER, 'acme/widgets', page, 'a']])
    expect(costsBy(({ pullRequest }) => pullRequest?.name, inputs)).toEqual({
      [OTHER]: 1,
      [URL]: 2,
    })
  })

  test.each([
    [
      'of GitHub, beside the address of its API',
      {
        url: 'https://api.github.com/repos/acme/widgets/pulls/7',
        html_url: URL,
        body: `Follow-up of\n${OTHER}`,
      },
    ],
    ['in a sentence', `Created ${URL}.`],
  ])('by an MCP server: %s', (_, answer) => {
    const output = [
      { type: 'text', text: typeof answer === 'string' ? answer : JSON.stringify(answer) },
    ]
    const tool = bash(3, '', undefined, {
      tool: 'mcp__github__create_pull_request',
      input: '{"title":"x"}',
      output,
    })
    expect(pullRequests(tool)).toEqual(known)
  })

  test.each([
    [
      'https://dev.azure.com/o/p/_apis/git/repositories/shop/pullRequests/7',
      undefined,
      ['https://dev.azure.com/o/p/_git/shop/pullrequest/7', 'p/shop'],
    ],
    [
      'https://dev.azure.com/o/6f0c9f4e-0000-4000-8000-000000000000/_apis/git/repositories/6f0c9f4e-0000-4000-8000-000000000001/pullRequests/7',
      { name: 'shop', webUrl: 'https://dev.azure.com/o/p/_git/shop' },
      ['https://dev.azure.com/o/p/_git/shop/pullrequest/7', 'p/shop'],
    ],
    [
      'https://dev.azure.com/o/p/_apis/git/repositories/6f0c9f4e-0000-4000-8000-000000000001/pullRequests/7',
      undefined,
      [
        'https://dev.azure.com/o/p/_git/6f0c9f4e-0000-4000-8000-000000000001/pullrequest/7',
        undefined,
      ],
    ],
  ])('by the Azure CLI: %s', (url, repository, [name, of]) => {
    const answer = JSON.stringify({
      description: `see ${OTHER}`,
      pullRequestId: 7,
      repository,
      url,
    })
    const tool = bash(3, 'az repos pr create --title x', answer)
    expect(pullRequests(tool).map(([title, repo]) => [title, repo])).toEqual([[name, of]])
  })

  test('of a status line', () => {
    const { dedupKey, agent, sessionId, timeMs } = call(3, 'x')
    const status: AgentEvent = {
      ...{ dedupKey, agent, sessionId, timeMs },
      name: 'StatusLine',
      identity: {},
      kind: 'other',
      isHook: true,
      pullRequest: { url: URL },
    }
    expect(pullRequests(spend(1, 1), arrives(status))).toEqual(known)
    expect(pullRequests(bash(2, 'gh pr create', URL), arrives(status))).toEqual(known)
  })

  test('tell the repository that nobody told before', () => {
    const stretches = stretchesOf([
      spend(1, 1),
      bash(2, 'git commit -m a', '[feature aaaaaaa] a'),
      bash(3, 'gh pr create --fill', URL),
    ])
    expect(stretches.map(({ repository }) => repository)).toEqual(['acme/widgets', 'acme/widgets'])
    expect(stretches.map(({ repositoryUrl }) => repositoryUrl)).toEqual([
      'https://github.com/acme/widgets',
      'https://github.com/acme/widgets',
    ])
  })

  test('without an address have a name of their own', () => {
    expect(pullRequests(bash(3, 'gh pr create -H feat -R acme/widgets'))).toEqual([
      ['pull request 1 of claude-code/s1', 'acme/widgets', undefined, 'feat'],
    ])
  })

  test.each([
    ['that failed', bash(3, 'gh pr create', 'not logged in', { success: false })],
    ['that is looked at', bash(3, 'gh pr view 7', URL)],
    ['of a page that was read', bash(3, 'curl https://example.com', URL)],
  ])('%s: none', (_, input) => {
    expect(pullRequests(spend(1, 1), input)).toEqual([])
  })
})

describe('the project that a call counts for', () => {
  function byProject(...inputs: readonly SessionInput[]) {
    const costs: Record<string, number> = {}
    let state = fresh()
    for (const input of inputs) {
      const step = reduce(state, [input], policy)
      state = JSON.parse(JSON.stringify(step.state)) as typeof state
      for (const { dimensions, costUsd } of step.usage.models) {
        const name = dimensions.project ?? '(of the session)'
        costs[name] = (costs[name] ?? 0) + costUsd
      }
    }
    return costs
  }

  test('is the repository of that time, also where the call comes late', () => {
    expect(
      byProject(
        spend(1, 1),
        labelled(2, { repository: 'a/web', branch: 'main' }),
        spend(3, 2),
        labelled(5, { repository: 'a/shop', branch: 'main' }),
        spend(6, 4),
        spend(4, 8),
      ),
    ).toEqual({ '(of the session)': 1, 'a/web': 10, 'a/shop': 4 })
  })

  test('is the attribute, where the session has one', () => {
    expect(
      byProject(
        labelled(1, { project: 'web', repository: 'a/b', branch: 'main' }),
        spend(2, 1),
        labelled(3, { repository: 'a/c' }),
        spend(4, 2),
      ),
    ).toEqual({ web: 3 })
  })

  test('is the attribute of its own record, which may come late', () => {
    const of = (project: string) => ({ identity: { labels: { project } } })
    expect(
      byProject(
        spend(1, 1, of('web')),
        spend(3, 2, of('shop')),
        spend(2, 4, of('web')),
        spend(4, 8),
      ),
    ).toEqual({ web: 5, shop: 10 })
  })

  test('is that of its own record also where metrics tell it, or a record of usage alone', () => {
    const of = (project: string) => ({ identity: { labels: { project } } })
    expect(
      byProject(
        arrives(sample(60, 'cost_usd', 4, of('shop'))),
        arrives(sample(30, 'cost_usd', 1, { seriesKey: 'other', ...of('web') })),
      ),
    ).toEqual({ web: 1, shop: 4 })
    const { kind: _, ...alone } = call(1, 'r1', { ...told(2), ...of('web') })
    const usage = { input: 1, output: 1, cacheRead: 0, cacheCreation: 0 }
    expect(
      byProject(spend(3, 4, of('shop')), arrives({ ...alone, kind: 'model_usage', usage })),
    ).toEqual({ web: 2, shop: 4 })
  })

  test("is the session's where only a folder or a repository of the attributes of version control is known", () => {
    expect(
      byProject(labelled(1, { folder: 'x', 'vcs.repository.name': 'web' }), spend(2, 1)),
    ).toEqual({ '(of the session)': 1 })
  })
})

test('whatever is told in whatever order, each call counts once', () => {
  const labels = fc.record(
    { repository: fc.constantFrom('a/b', 'a/c'), branch: fc.constantFrom('main', 'x') },
    { requiredKeys: [] },
  )
  const commands = fc.constantFrom(
    'git commit -m a',
    'git commit --amend',
    'cd ../c && git commit -m b',
    'git switch -c x',
    'gh pr create',
    'ls',
  )
  const outputs = fc.constantFrom(undefined, '[x 1a2b3c4] a', 'https://x.example/a/b/pull/1')
  const step = fc.oneof(
    fc.nat(60).map((seconds) => ({ seconds, costs: 1 })),
    fc.record({ seconds: fc.nat(60), command: commands, output: outputs, success: fc.boolean() }),
    fc.record({ seconds: fc.nat(60), labels }),
    fc.record({ seconds: fc.nat(60), measure: fc.constantFrom('commits', 'pull_requests') }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const inputs = steps.map((one, index): SessionInput => {
        const key = `${index}`
        if ('costs' in one) {
          return arrives(call(one.seconds, `r${key}`, { ...told(1), dedupKey: key }))
        }
        if ('command' in one) {
          const { seconds, command, output, success } = one
          const input = JSON.stringify({ command })
          const more = { input, success, ...(output !== undefined && { output }) }
          return arrives(result(seconds, `t${key}`, more))
        }
        if ('labels' in one) return labelled(one.seconds, one.labels)
        return arrives(sample(one.seconds, one.measure, 1, { dedupKey: key }))
      })
      const stretches = stretchesOf(inputs)
      const calls = steps.filter((one) => 'costs' in one).length
      expect(stretches.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBe(calls)
      expect(stretches.every(({ costUsd }) => costUsd >= 0)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('a session keeps a bounded number of stretches, and what follows counts all the same', () => {
  const inputs = Array.from({ length: 120 }, (_, n) => [
    spend(2 * n, 1),
    bash(2 * n + 1, `git commit -m ${n}`, `[main ${(n + 0x1000000).toString(16)}] x`),
  ]).flat()
  const stretches = stretchesOf(inputs)
  expect(stretches).toHaveLength(121)
  for (const { costUsd, commit } of stretches) expect(costUsd).toBe(commit === undefined ? 0 : 1)
})
