/** The Node of the project, fetched where the machine's own is too old: with a stand-in for npm. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProjectCopy, type ProjectCopy } from './shell/project-copy.ts'

/** "Installs" a Node that says `version`; `works` is a pattern of the packages it succeeds for. */
const npmInstalling = (version: string, works = '*'): string => `
for package in "$@"; do :; done
echo "$package" >>"$HOME/npm.log"
case $package in ${works}) ;; *) echo "blocked: $package" >&2; exit 1 ;; esac
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho ${version}\\n' >node_modules/.bin/node
chmod +x node_modules/.bin/node`

const NOBODY = 65_534

let copy: ProjectCopy
beforeEach(() => {
  copy = createProjectCopy()
  copy.program('node', 'echo v20.11.0')
  copy.program('npm', npmInstalling('v24.99.0'))
})
afterEach(() => copy.remove())

const ensureNode = (before = '') =>
  copy.run(`set -euo pipefail; ${before} . scripts/ensure-node.sh; ensure_node; node --version`)
const asked = (): string[] =>
  existsSync(copy.path('npm.log'))
    ? readFileSync(copy.path('npm.log'), 'utf8').trim().split('\n')
    : []

describe('ensure-node', () => {
  test.each(['v24.0.0', 'v26.1.0'])('uses the machine’s own %s', (version) => {
    copy.program('node', `echo ${version}`)
    expect(ensureNode()).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
    expect(asked()).toEqual([])
  })

  test('fetches node@24 once when it is too old', () => {
    expect(ensureNode()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/v24\.99\.0\n$/),
    })
    expect(ensureNode()).toMatchObject({ status: 0, stdout: 'v24.99.0\n', stderr: '' })
    expect(asked()).toEqual(['node@24'])
  })

  test('fetches it again when what is there does not run', () => {
    ensureNode()
    expect(ensureNode(': >.node/node_modules/.bin/node;').status).toBe(0)
    expect(asked()).toEqual(['node@24', 'node@24'])
  })

  test('takes the platform’s package where install scripts may not run', () => {
    copy.program('npm', npmInstalling('v24.99.0', 'node-*'))
    expect(ensureNode().status).toBe(0)
    expect(asked()).toEqual(['node@24', expect.stringMatching(/^node-[a-z0-9-]+@24$/)])
  })

  test.each([
    ['npm fails', npmInstalling('v24.99.0', 'nothing')],
    ['what npm brings is too old', npmInstalling('v22.0.0')],
  ])('says what to do when %s', (_, npm) => {
    copy.program('npm', npm)
    const { status, stderr } = ensureNode()
    expect(status).toBe(1)
    expect(stderr).toContain('npm could not install Node 24')
    expect(existsSync(copy.path('.node/node_modules'))).toBe(false)
  })

  test('two at once fetch it once', () => {
    const { status } = ensureNode('. scripts/ensure-node.sh; ensure_node & ensure_node; wait;')
    expect(status).toBe(0)
    expect(asked()).toEqual(['node@24'])
  })
})

describe('lock', () => {
  const withLock = (command: string) =>
    copy.run(`set -euo pipefail; . scripts/lock.sh; LOCK_TIMEOUT_S=0; ${command}`)

  test('passes the status on and is free afterwards', () => {
    const { status, stdout } = withLock(
      'with_lock .run/lock sh -c "exit 3" || echo "$?"; with_lock .run/lock echo free',
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: '3\nfree\n' })
  })

  test('is taken over from a process that has ended', () => {
    copy.run('mkdir -p .run')
    symlinkSync('99999999', copy.path('.run/lock'))
    expect(withLock('with_lock .run/lock echo mine')).toMatchObject({
      stdout: 'mine\n',
      stderr: '',
    })
  })

  const startOf = (pid: number): string =>
    copy.run(`. scripts/lock.sh; start_of ${pid}`).stdout.trim()

  test('says when its owner started, so that no other process of that number is taken for it', () => {
    expect(startOf(process.pid)).toMatch(/\S/)
    copy.run('mkdir -p .run')
    symlinkSync(`${process.pid}@0`, copy.path('.run/lock'))
    expect(withLock('with_lock .run/lock readlink .run/lock')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+@\S+\n$/),
      stderr: '',
    })
    symlinkSync(`${process.pid}@${startOf(process.pid)}`, copy.path('.run/lock'))
    expect(withLock('with_lock .run/lock true').stderr).toContain(`process ${process.pid}`)
  })

  test('what is no lock is not waited for', () => {
    copy.run('mkdir -p .run/lock')
    const { status, stderr } = copy.run('. scripts/lock.sh; with_lock .run/lock true')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^The lock \.run\/lock cannot be taken: .*\n.* rm -rf \.run\/lock\n$/)
  })

  describe.runIf(process.getuid?.() === 0)('of another user', () => {
    const asNobody = (command: string) => copy.run(`. scripts/lock.sh; ${command}`, {}, NOBODY)

    test('is waited for while its process lives, although nobody may signal it', () => {
      copy.giveTo(NOBODY)
      copy.run('mkdir -p .run; chmod 777 .run')
      symlinkSync(String(process.pid), copy.path('.run/lock'))
      const { status, stderr } = asNobody('LOCK_TIMEOUT_S=0; with_lock .run/lock true')
      expect(status).toBe(1)
      expect(stderr).toContain(`process ${process.pid}, which holds`)
    })

    test.each([
      ['in a folder that is closed', 'mkdir -m 700 .run && ln -s 99999999 .run/lock'],
      ['in a folder that cannot be written to', 'mkdir -m 755 .run && ln -s 99999999 .run/lock'],
      ['that is not there, in such a folder', 'mkdir -m 755 .run'],
    ])('%s ends at once', (_, prepare) => {
      copy.giveTo(NOBODY)
      copy.run(prepare)
      const { status, stderr } = asNobody('with_lock .run/lock true')
      expect(status).toBe(1)
      expect(stderr).toMatch(/^The lock .*(cannot be taken|you may not remove it)/)
    })
  })

  test('is not taken from a process that runs, and says which one', () => {
    copy.run('mkdir -p .run')
    symlinkSync(String(process.pid), copy.path('.run/lock'))
    const { status, stdout, stderr } = withLock('with_lock .run/lock echo mine')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`process ${process.pid}`)
  })
})
