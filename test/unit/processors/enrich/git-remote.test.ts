import { describe, expect, test } from 'vitest'
import { branchOf, remoteUrl, repositoryName } from '../../../../src/processors/enrich/git-files.ts'

describe('the name of a repository', () => {
  test.each([
    ['https://github.com/acme/widgets', 'acme/widgets'],
    ['https://user:s3cret@github.com/acme/widgets.git', 'acme/widgets'],
    ['git@github.com:acme/widgets.git', 'acme/widgets'],
    ['ssh://git@host:2222/group/sub/widgets.git/', 'sub/widgets'],
    ['/srv/git/widgets.git', undefined],
    ['s3cret', undefined],
    ['', undefined],
  ])('%s → %s', (remote, name) => {
    expect(repositoryName(remote)).toBe(name)
  })
})

test('origin goes before other remotes', () => {
  const config =
    '[core]\n\turl = no\n[remote "fork"]\n\turl = a:b/fork\n[remote "origin"]\n\turl = a:b/c\n'
  expect(remoteUrl(config)).toBe('a:b/c')
  expect(remoteUrl('[remote "fork"]\n url = a:b/fork\n')).toBe('a:b/fork')
  expect(remoteUrl('[core]\n')).toBeUndefined()
})

test.each([
  ['ref: refs/heads/feature/x\n', 'feature/x'],
  ['8f1d2c\n', undefined],
])('HEAD %j is on branch %s', (head, branch) => {
  expect(branchOf(head)).toBe(branch)
})
