import { describe, expect, it } from 'vitest'
import { dataDirOf } from '../../../src/config/folders.ts'

const linux = { os: 'linux', homeDir: '/home/ada', workingDir: '/srv/app' }
const mac = { os: 'darwin', homeDir: '/Users/ada', workingDir: '/' }
const windows = { os: 'win32', homeDir: 'C:\\Users\\ada', workingDir: 'D:\\app' }

describe('the data folder', () => {
  it.each([
    ['on Linux', undefined, {}, linux, '/home/ada/.local/share/claude-telemetry'],
    ['with XDG', undefined, { XDG_DATA_HOME: '/xdg' }, linux, '/xdg/claude-telemetry'],
    [
      'with a relative XDG, which does not count',
      undefined,
      { XDG_DATA_HOME: 'xdg' },
      linux,
      '/home/ada/.local/share/claude-telemetry',
    ],
    [
      'on macOS',
      undefined,
      { XDG_DATA_HOME: '/xdg' },
      mac,
      '/Users/ada/Library/Application Support/claude-telemetry',
    ],
    [
      'on Windows',
      undefined,
      { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
      windows,
      'C:\\Users\\ada\\AppData\\Local\\claude-telemetry',
    ],
    [
      'on Windows without LOCALAPPDATA',
      undefined,
      {},
      windows,
      'C:\\Users\\ada\\AppData\\Local\\claude-telemetry',
    ],
    ['as given', '/data', {}, linux, '/data'],
    ['relative', 'data', {}, linux, '/srv/app/data'],
    ['in the home folder', '~/data', {}, linux, '/home/ada/data'],
    ['as the home folder', '~', {}, linux, '/home/ada'],
    ['of a name that begins with a tilde', '~data', {}, linux, '/srv/app/~data'],
    ['as given on Windows', 'E:\\data', {}, windows, 'E:\\data'],
    ['relative on Windows', 'data', {}, windows, 'D:\\app\\data'],
  ])('%s', (_name, given, variables, platform, expected) => {
    expect(dataDirOf(given, variables, platform)).toBe(expected)
  })
})
