import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/observability/system-clock.ts'
import { createWorkspaceReader } from '../../../src/workspace/workspace-reader.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claude-telemetry-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  const file = join(root, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
}
const read = (path: string) => createWorkspaceReader(createSystemClock()).labels(join(root, path))

describe('a folder', () => {
  test('in a repository', async () => {
    write('shop/.git/HEAD', 'ref: refs/heads/main\n')
    write('shop/.git/config', '[remote "origin"]\n\turl = https://t:k@github.com/acme/shop.git\n')
    write('shop/src/deep/file', '')
    expect(await read('shop/src/deep')).toEqual({
      folder: 'deep',
      repository: 'acme/shop',
      branch: 'main',
    })
  })

  test('in a worktree', async () => {
    write('main/.git/config', '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n')
    write('main/.git/worktrees/wt/HEAD', 'ref: refs/heads/topic\n')
    write('main/.git/worktrees/wt/commondir', '../..\n')
    write('wt/.git', `gitdir: ${join(root, 'main/.git/worktrees/wt')}\n`)
    expect(await read('wt')).toEqual({ folder: 'wt', repository: 'acme/shop', branch: 'topic' })
  })

  test('in no repository, or that is not there', async () => {
    write('plain/file', '')
    expect(await read('plain')).toEqual({ folder: 'plain' })
    expect(await read('nowhere')).toEqual({ folder: 'nowhere' })
  })

  test('that is no absolute path is not looked for', async () => {
    const reader = createWorkspaceReader(createSystemClock())
    expect(await reader.labels('some/where')).toEqual({})
  })
})
