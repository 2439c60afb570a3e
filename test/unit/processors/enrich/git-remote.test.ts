import { describe, expect, test } from 'vitest'
import {
  branchOf,
  remoteUrl,
  repositoryName,
  repositoryPage,
} from '../../../../src/processors/enrich/git-files.ts'
import { pullRequestIn, repositoryUrlOf } from '../../../../src/sessions/work/tool-output.ts'

describe('the name of a repository', () => {
  test.each([
    ['https://github.com/acme/widgets', 'acme/widgets'],
    ['https://user:s3cret@github.com/acme/widgets.git', 'acme/widgets'],
    ['git@github.com:acme/widgets.git', 'acme/widgets'],
    ['ssh://git@host:2222/group/sub/widgets.git/', 'sub/widgets'],
    ['https://org@dev.azure.com/org/proj/_git/shop', 'proj/shop'],
    ['git@ssh.dev.azure.com:v3/org/proj/shop', 'proj/shop'],
    ['https://org.visualstudio.com/proj/_git/shop', 'proj/shop'],
    ['https://dev.azure.com/org/My%20Project/_git/shop', 'My%20Project/shop'],
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

test.each([
  ['https://org@dev.azure.com/org/proj/_git/shop'],
  ['git@ssh.dev.azure.com:v3/org/proj/shop'],
])('a repository has one name, of %s and of its pull requests', (remote) => {
  const url = 'https://dev.azure.com/org/proj/_git/shop/pullrequest/7'
  expect(pullRequestIn(url)?.repository).toBe(repositoryName(remote))
  expect(repositoryUrlOf(url)).toBe(repositoryPage(remote))
})

describe('the page of a repository', () => {
  test.each([
    ['https://token@github.com/acme/shop.git', 'https://github.com/acme/shop'],
    ['git@github.com:acme/shop.git', 'https://github.com/acme/shop'],
    ['ssh://git@git.example.com:2222/acme/shop.git', 'https://git.example.com/acme/shop'],
    ['http://gitea.local:3000/acme/shop', 'http://gitea.local:3000/acme/shop'],
    ['git@gitlab.com:group/part/shop.git', 'https://gitlab.com/group/part/shop'],
    ['https://org@dev.azure.com/org/proj/_git/shop', 'https://dev.azure.com/org/proj/_git/shop'],
    ['git@ssh.dev.azure.com:v3/org/proj/shop', 'https://dev.azure.com/org/proj/_git/shop'],
    [
      'ssh://git@ssh.dev.azure.com/v3/org/My%20Project/shop',
      'https://dev.azure.com/org/My%20Project/_git/shop',
    ],
    ['org@vs-ssh.visualstudio.com:v3/org/proj/shop', 'https://org.visualstudio.com/proj/_git/shop'],
    ['github-at-work:acme/shop.git', undefined],
    ['/srv/git/acme/shop.git', undefined],
    ['file:///srv/acme/shop', undefined],
    ['https://user:secret@host.example/a b/c', undefined],
  ])('%s', (remote, page) => {
    expect(repositoryPage(remote)).toBe(page)
  })
})
