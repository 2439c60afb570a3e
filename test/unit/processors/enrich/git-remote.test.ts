import { describe, expect, test } from 'vitest'
import {
  branchOf,
  remoteUrl,
  repositoryName,
  repositoryPage,
} from '../../../../src/processors/enrich/git-files.ts'

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

describe('the page of a repository', () => {
  test.each([
    ['https://token@github.com/acme/shop.git', 'https://github.com/acme/shop'],
    ['git@github.com:acme/shop.git', 'https://github.com/acme/shop'],
    ['ssh://git@git.example.com:2222/acme/shop.git', 'https://git.example.com/acme/shop'],
    ['http://gitea.local:3000/acme/shop', 'http://gitea.local:3000/acme/shop'],
    ['git@gitlab.com:group/part/shop.git', 'https://gitlab.com/group/part/shop'],
    ['github-at-work:acme/shop.git', undefined],
    ['/srv/git/acme/shop.git', undefined],
    ['file:///srv/acme/shop', undefined],
    ['https://user:secret@host.example/a b/c', undefined],
  ])('%s', (remote, page) => {
    expect(repositoryPage(remote)).toBe(page)
  })
})
