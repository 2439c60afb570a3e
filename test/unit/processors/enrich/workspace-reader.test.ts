import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFileReader } from '../../../../src/processors/enrich/file-reader.ts'
import { createWorkspaceReader } from '../../../../src/processors/enrich/workspace-reader.ts'
import { createManualClock } from '../../manual-clock.ts'
import { createHangingFiles } from './hanging-files.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Makes what is to be at a path, and the folders above it. */
type Make = string | ((file: string) => unknown)
function put(path: string, make: Make): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  if (typeof make === 'string') writeFileSync(file, make)
  else make(file)
}
const PAGE = { repository_url: 'https://github.com/acme/shop' }

/** Under a clock that stands still, so that no machine is too slow for it. */
const read = (path: string) => {
  const clock = createManualClock(0)
  return createWorkspaceReader(clock, createFileReader(clock)).labels(join(root, path))
}

describe('a folder', () => {
  test('in a repository', async () => {
    put('shop/.git/HEAD', 'ref: refs/heads/main\n')
    put('shop/.git/config', '[remote "origin"]\n\turl = https://t:k@github.com/acme/shop.git\n')
    put('shop/src/deep/file', '')
    expect(await read('shop/src/deep')).toEqual({
      folder: 'deep',
      repository: 'acme/shop',
      ...PAGE,
      branch: 'main',
    })
  })

  test('in a worktree', async () => {
    put('main/.git/config', '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n')
    put('main/.git/worktrees/wt/HEAD', 'ref: refs/heads/topic\n')
    put('main/.git/worktrees/wt/commondir', '../..\n')
    put('wt/.git', `gitdir: ${join(root, 'main/.git/worktrees/wt')}\n`)
    expect(await read('wt')).toEqual({
      folder: 'wt',
      repository: 'acme/shop',
      ...PAGE,
      branch: 'topic',
    })
  })

  test('in no repository, or that is not there', async () => {
    put('plain/file', '')
    expect(await read('plain')).toEqual({ folder: 'plain' })
    expect(await read('nowhere')).toEqual({ folder: 'nowhere' })
  })

  test.each(['some/where', '', `/${'x'.repeat(5000)}`])('%j is not looked for', async (folder) => {
    const clock = createManualClock(0)
    const reader = createWorkspaceReader(clock, createFileReader(clock))
    expect(await reader.labels(folder)).toEqual({})
  })
})

describe('what a repository can put in the way is left out', () => {
  const fifo = (file: string) => execFileSync('mkfifo', [file])
  const zeros = (file: string) => symlinkSync('/dev/zero', file)
  const folder = (file: string) => mkdirSync(file)
  const huge = (file: string) => {
    writeFileSync(file, '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n')
    truncateSync(file, 1_500_000_000)
  }
  const head = 'ref: refs/heads/main\n'
  const config = '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
  const repository = { repository: 'acme/shop', ...PAGE }
  const branch = { branch: 'main' }

  const traps: readonly (readonly [string, Record<string, Make>, object])[] = [
    ['HEAD is a FIFO', { HEAD: fifo, config }, {}],
    ['HEAD is without end', { HEAD: zeros, config }, {}],
    ['HEAD is a folder', { HEAD: folder, config }, {}],
    ['config is a FIFO', { HEAD: head, config: fifo }, branch],
    ['config is without end', { HEAD: head, config: zeros }, branch],
    ['config is huge', { HEAD: head, config: huge }, { ...branch, ...repository }],
    ['commondir is a FIFO', { HEAD: head, config, commondir: fifo }, { ...branch, ...repository }],
    ['commondir leads to a device', { HEAD: head, config, commondir: '/dev' }, branch],
    ['commondir holds a NUL', { HEAD: head, config, commondir: 'a\0b' }, branch],
  ]
  test.each(traps)('%s', async (_name, files, labels) => {
    for (const [name, make] of Object.entries(files)) put(`shop/.git/${name}`, make)
    expect(await read('shop')).toEqual({ folder: 'shop', ...labels })
  })

  test.each([
    ['is a FIFO', fifo],
    ['is without end', zeros],
    ['leads to a FIFO', 'gitdir: pipes\n'],
    ['leads to itself', 'gitdir: .git\n'],
    ['leads to a device', 'gitdir: /dev/tty\n'],
    ['leads nowhere', 'gitdir: \0\n'],
  ])('.git %s', async (_name, make) => {
    put('shop/.git', make)
    for (const name of ['HEAD', 'config', 'commondir']) put(`shop/pipes/${name}`, fifo)
    expect(await read('shop')).toEqual({ folder: 'shop' })
  })

  test('names without end', async () => {
    const long = 'x'.repeat(5000)
    put('shop/.git/HEAD', `ref: refs/heads/${long}\n`)
    put('shop/.git/config', `[remote "origin"]\n\turl = git@github.com:acme/${long}\n`)
    const labels = await read('shop')
    expect(Object.values(labels).map((label) => label.length)).toEqual([4, 200, 200])
  })
})

describe('on a file system that hangs', () => {
  const setUp = () => {
    const clock = createManualClock(0)
    const hanging = createHangingFiles((path) => path.includes('dead'))
    put('dead/.git/HEAD', 'ref: refs/heads/main\n')
    put('shop/.git/HEAD', 'ref: refs/heads/main\n')
    const reader = createWorkspaceReader(clock, createFileReader(clock, hanging.files))
    return { clock, hanging, labels: (path: string) => reader.labels(join(root, path)) }
  }

  test('nobody waits longer than a moment, and then nobody waits at all', async () => {
    const { clock, hanging, labels } = setUp()
    const first = labels('dead')
    const other = labels('shop')
    await clock.advance(50)
    expect([await first, await other]).toEqual([{ folder: 'dead' }, { folder: 'shop' }])
    await clock.advance(450)
    for (const folder of ['dead', 'shop', 'dead/sub']) await labels(folder)
    expect(hanging.begun()).toBe(1)
  })

  test('what it would have said is said once it answers', async () => {
    const { clock, hanging, labels } = setUp()
    const first = labels('dead')
    await clock.advance(500)
    await first
    hanging.heal()
    await expect.poll(() => labels('dead')).toEqual({ folder: 'dead', branch: 'main' })
    expect(await labels('shop')).toEqual({ folder: 'shop', branch: 'main' })
  })
})

test('an answer that comes too late for one is there for the next', async () => {
  const clock = createManualClock(0)
  const hanging = createHangingFiles((path) => path.includes('slow'))
  put('slow/.git/HEAD', 'ref: refs/heads/main\n')
  const reader = createWorkspaceReader(clock, createFileReader(clock, hanging.files))
  const first = reader.labels(join(root, 'slow'))
  await clock.advance(50)
  expect(await first).toEqual({ folder: 'slow' })
  hanging.heal()
  await expect
    .poll(() => reader.labels(join(root, 'slow')))
    .toEqual({ folder: 'slow', branch: 'main' })
})
