/** What `pr-cost` prints of a pull request or a branch, and what it says where nothing is known. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MONDAY_MS, NOW_MS, openUsageStore, type Used } from '../reports/stored-usage.ts'
import { runCommandLine } from './run-command.ts'

const URL = 'https://github.com/ada/shop/pull/7'
const place = { repository: 'ada/shop', repositoryUrl: 'https://github.com/ada/shop' }
const pullRequest = { name: URL, isUrl: true, atMs: MONDAY_MS }
const commit = { name: '1a2b3c4', isHash: true, atMs: MONDAY_MS }

/** A folder with a clone in it, on that branch. */
function clone(branch: string, repository = 'ada/shop'): string {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-clone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, '.git'))
  const head = branch === '' ? 'a'.repeat(40) : `ref: refs/heads/${branch}`
  writeFileSync(join(folder, '.git/HEAD'), `${head}\n`)
  const remote = `[remote "origin"]\n\turl = git@github.com:${repository}.git\n`
  writeFileSync(join(folder, '.git/config'), remote)
  return folder
}

async function setUp(more: Readonly<Record<string, Used>> = {}) {
  const { store, use } = await openUsageStore()
  await use('s1', {
    atMs: MONDAY_MS,
    session: { userId: 'ada@example.com' },
    models: [
      { costUsd: 1, model: 'opus', inputTokens: 1000 },
      { costUsd: 2, model: 'haiku', estimatedUsd: 2, dimensions: { segment: '1' } },
    ],
    work: [
      { segment: 0, ...place, branch: 'feature', commit },
      { segment: 1, ...place, branch: 'feature', pullRequest },
    ],
  })
  await use('s2', {
    atMs: MONDAY_MS + 3 * 86_400_000,
    session: { userId: '**bob** <b>@all' },
    models: [{ costUsd: 4, unpricedCalls: 1, calls: 2 }],
    work: [{ segment: 0, ...place, branch: 'feature' }],
  })
  await use('s3', {
    atMs: MONDAY_MS,
    models: [{ costUsd: 64 }],
    work: [{ segment: 0, ...place, branch: 'other' }],
  })
  for (const [session, used] of Object.entries(more)) await use(session, used)
  return (args: readonly string[], workingDir = '/') =>
    runCommandLine(
      ['pr-cost', '--tz', 'UTC', ...args],
      { DATA_DIR: store.dataDir },
      { nowMs: NOW_MS, workingDir },
    )
}

test.each<[string, readonly string[], (() => string) | undefined]>([
  ['its address', [URL], undefined],
  ['its address with more behind it', [`${URL}/files?w=1#diff`], undefined],
  ['its number', ['7'], undefined],
  ['its number', ['#7'], () => clone('main')],
  ['the name that is printed of it', ['ada/shop#7'], undefined],
  ['its branch', ['feature'], undefined],
  ['the current branch', [], () => clone('feature')],
])('a pull request by %s: %j', async (_, args, folder) => {
  const run = await setUp()
  const { code, stdout } = await run([...args, '--json'], folder?.())
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    pullRequest: URL,
    repository: 'ada/shop',
    branch: 'feature',
    from: '2026-11-16T00:00:00.000Z',
    to: '2026-11-20T00:00:00.000Z',
    totals: { costUsd: 7, estimatedUsd: 2, unpricedCalls: 1, sessions: 2, modelCalls: 4 },
    byModel: [
      { name: 'opus', costUsd: 5 },
      { name: 'haiku', costUsd: 2 },
    ],
    byPerson: [
      { name: '**bob** <b>@all', costUsd: 4 },
      { name: 'ada@example.com', costUsd: 3 },
    ],
    byCommit: [
      { name: null, costUsd: 6 },
      { name: '1a2b3c4', costUsd: 1, url: `${place.repositoryUrl}/commit/1a2b3c4` },
    ],
  })
})

test('as a comment, in which nothing of strangers is markup', async () => {
  const run = await setUp()
  const { stdout } = await run([URL, '--format', 'markdown'])
  expect(stdout).toMatchInlineSnapshot(`
    "<!-- claude-telemetry pr-cost -->

    ### Coding agents on [ada/shop#7](https://github.com/ada/shop/pull/7)

    **$7.00** (1 of 4 calls without a price, $2.00 estimated): 2 sessions, 4 calls, 1.0K tokens, 2026-11-16 to 2026-11-19

    | Model | Cost | Calls | Tokens | Sessions |
    | --- | --- | --- | --- | --- |
    | opus | $5.00 (1 of 3 calls without a price) | 3 | 1.0K | 2 |
    | haiku | $2.00 (estimated) | 1 | 0 | 1 |

    | Person | Cost | Calls | Tokens | Sessions |
    | --- | --- | --- | --- | --- |
    | \\*\\*bob\\*\\* \\<b\\>@<!-- -->all | $4.00 (1 of 2 calls without a price) | 2 | 0 | 1 |
    | ada@example.com | $3.00 ($2.00 estimated) | 2 | 1.0K | 1 |

    | Commit | Cost | Calls | Tokens | Sessions |
    | --- | --- | --- | --- | --- |
    | (none) | $6.00 (1 of 3 calls without a price, $2.00 estimated) | 3 | 0 | 2 |
    | 1a2b3c4 | $1.00 | 1 | 1.0K | 1 |

    Estimated costs are worked out from a price list; the agent did not report them.

    Calls without a price are in no sum.
    "
  `)
})

test('as text', async () => {
  const run = await setUp()
  expect((await run(['feature'])).stdout).toMatchInlineSnapshot(`
    "ada/shop#7
    https://github.com/ada/shop/pull/7
    $7.00 (1 of 4 calls without a price, $2.00 estimated): 2 sessions, 4 calls, 1.0K tokens, 2026-11-16 to 2026-11-19

    MODEL   COST  COST NOTE                     CALLS  TOKENS  SESSIONS
    opus   $5.00  1 of 3 calls without a price      3    1.0K         2
    haiku  $2.00  estimated                         1       0         1

    PERSON            COST  COST NOTE                     CALLS  TOKENS  SESSIONS
    **bob** <b>@all  $4.00  1 of 2 calls without a price      2       0         1
    ada@example.com  $3.00  $2.00 estimated                   2    1.0K         1

    COMMIT    COST  COST NOTE                                      CALLS  TOKENS  SESSIONS
    (none)   $6.00  1 of 3 calls without a price, $2.00 estimated      3       0         2
    1a2b3c4  $1.00                                                     1    1.0K         1

    Estimated costs are worked out from a price list; the agent did not report them.

    Calls without a price are in no sum.
    "
  `)
})

test('a branch without a pull request has what it cost itself', async () => {
  const run = await setUp()
  const { stdout } = await run(['other', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    pullRequest: null,
    branch: 'other',
    totals: { costUsd: 64 },
  })
})

describe('it says what to do', () => {
  const elsewhere = {
    s4: {
      atMs: MONDAY_MS,
      models: [{ costUsd: 1 }],
      work: [{ segment: 0, repository: 'ada/site', branch: 'feature' }],
    },
  }

  test.each<[string, readonly string[], () => string, string]>([
    [
      'of a pull request that is not known',
      ['https://github.com/ada/shop/pull/8'],
      () => '/',
      `nothing is stored of the pull request https://github.com/ada/shop/pull/8; known are ${URL}`,
    ],
    [
      'of a branch that is not known',
      ['nowhere'],
      () => '/',
      'nothing is stored of the branch "nowhere"',
    ],
    [
      'of a number that is not known',
      ['9'],
      () => clone('main'),
      'nothing is stored of a pull request number 9 of ada/shop',
    ],
    [
      'of a branch in several repositories',
      ['feature'],
      () => '/',
      'the branch "feature" may be of: ada/shop, ada/site',
    ],
    ['outside of a repository', [], () => '/', '/ is in no git repository'],
    ['where no branch is checked out', [], () => clone(''), 'no branch is checked out here'],
    ['of nothing', [''], () => '/', 'the name of the pull request is empty'],
  ])('%s', async (_, args, folder, message) => {
    const run = await setUp(elsewhere)
    const { code, stdout, stderr } = await run(args, folder())
    expect(stderr).toContain(message)
    expect([code, stdout]).toEqual([1, ''])
  })

  test('where nothing is checked out in a clone without a remote', async () => {
    const prCost = await setUp()
    const folder = clone('')
    writeFileSync(join(folder, '.git/config'), '[core]\n')
    const { stderr } = await prCost([], folder)
    expect(stderr).toContain('no branch is checked out here')
  })

  test('and takes the repository of the folder where a branch is in several', async () => {
    const run = await setUp(elsewhere)
    const { stdout } = await run(['feature', '--json'], clone('main', 'ada/site'))
    expect(JSON.parse(stdout)).toMatchObject({ repository: 'ada/site', totals: { costUsd: 1 } })
  })
})
