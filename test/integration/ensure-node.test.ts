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

  test('is not taken from a process that runs, and says which one', () => {
    copy.run('mkdir -p .run')
    symlinkSync(String(process.pid), copy.path('.run/lock'))
    const { status, stdout, stderr } = withLock('with_lock .run/lock echo mine')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`process ${process.pid}`)
  })
})
