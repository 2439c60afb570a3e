import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RunCommand } from '../../../src/setup/command-runner.ts'
import { createService } from '../../../src/setup/service.ts'
import { serviceFile } from '../../../src/setup/service-unit.ts'

const program = {
  nodePath: '/opt/my node/bin/node',
  mainPath: '/opt/100%/"x"/$y/main.js',
  envFiles: ['/home/me/a & b'],
}
const at = (os: string) => serviceFile(program, { os, homeDir: '/home/me', workingDir: '/' }, {})

describe('the file of the service', () => {
  test('systemd: quoted, with nothing left for it to expand', () => {
    const file = at('linux')
    expect(file?.path).toBe('/home/me/.config/systemd/user/claude-telemetry.service')
    expect(file?.text).toContain(
      String.raw`ExecStart="/opt/my node/bin/node" "--" "/opt/100%%/\"x\"/$$y/main.js" "start" "--env-file" "/home/me/a & b"` +
        '\n',
    )
  })

  test('systemd: without what a bridge has no need of', () => {
    const text = at('linux')?.text ?? ''
    for (const line of ['UMask=0077', 'NoNewPrivileges=yes', 'SystemCallFilter=@system-service']) {
      expect(text.split('\n')).toContain(line)
    }
    // These need user namespaces, which not every system lets a user have.
    expect(text).not.toMatch(/^(Private|Protect|CapabilityBoundingSet|MemoryDenyWriteExecute)/m)
  })

  test.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)(
    'systemd: as systemd itself takes it',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'unit-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const path = join(folder, 'claude-telemetry.service')
      const here = { ...program, nodePath: process.execPath }
      const platform = { os: 'linux', homeDir: folder, workingDir: '/' }
      writeFileSync(path, serviceFile(here, platform, {})?.text ?? '')
      const verified = spawnSync('systemd-analyze', ['verify', '--user', path], {
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
        encoding: 'utf8',
      })
      expect([verified.status, verified.stderr]).toEqual([0, ''])
    },
  )

  test('launchd: well-formed', () => {
    const file = at('darwin')
    expect(file?.path).toBe('/home/me/Library/LaunchAgents/claude-telemetry.plist')
    expect(file?.text).toContain('<string>/home/me/a &amp; b</string>')
    expect(file?.text).not.toMatch(/<!--[^>]*--[^>]*-->/)
  })

  test('elsewhere there is none', () => expect(at('win32')).toBeUndefined())
})

describe('launchd', () => {
  const file = { kind: 'launchd', path: '/p.plist', text: '' } as const

  function serviceThat(exitCode: number) {
    const calls: string[] = []
    const run: RunCommand = async (name, args) => {
      calls.push([name, ...args].join(' '))
      return { exitCode, stdout: '', stderr: exitCode === 0 ? '' : 'Bootstrap failed: 5' }
    }
    return { calls, service: createService({ run, variables: {}, userId: 501 }) }
  }

  test('an agent that runs is replaced', async () => {
    const { calls, service } = serviceThat(0)
    expect(await service.enable(file)).toMatchObject({ ok: true })
    expect(calls).toEqual([
      'launchctl bootout gui/501/claude-telemetry',
      'launchctl bootstrap gui/501 /p.plist',
    ])
  })

  test('what is left to do is said', async () => {
    const { service } = serviceThat(1)
    expect(await service.enable(file)).toEqual({
      ok: false,
      error: expect.stringMatching(
        /Bootstrap failed: 5\n.*launchctl bootstrap gui\/501 \/p\.plist/,
      ),
    })
  })
})
