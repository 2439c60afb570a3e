/** What the program and the tools say on a Node that is too old, if this machine has one. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const OLDEST_NODE = 24
const project = resolve(import.meta.dirname, '../..')

/** Nodes that are too old: those that OLD_NODES names, and those of the usual places. */
const oldNodes = [
  ...(process.env.OLD_NODES ?? '').split(delimiter),
  ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node')),
  '/usr/bin/node',
  '/usr/local/bin/node',
]
  .filter((path) => path !== '' && existsSync(path))
  .flatMap((path) => {
    const version = String(spawnSync(path, ['--version']).stdout).trim()
    return Number(/^v(\d+)/.exec(version)?.[1]) < OLDEST_NODE ? [{ version, path }] : []
  })
  .filter(({ version }, index, all) => all.findIndex((each) => each.version === version) === index)

let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'claude-telemetry old-')))
  for (const name of ['package.json', '.npmrc']) cpSync(join(project, name), join(folder, name))
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  const args = [join(project, 'scripts/build.ts'), join(folder, 'dist')]
  const built = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  mkdirSync(join(folder, 'bin'))
  chmodSync(join(folder, 'dist/main.js'), 0o755)
  // As npm puts it there for a global install.
  symlinkSync('../dist/main.js', join(folder, 'bin/claude-telemetry'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(node: string, command: string, ...args: string[]) {
  return spawnSync(command, args, {
    cwd: folder,
    env: { HOME: folder, PATH: [dirname(node), '/usr/bin', '/bin'].join(delimiter) },
    encoding: 'utf8',
  })
}

test.skipIf(oldNodes.length === 0)('PATH or OLD_NODES has an old Node to try', () => {
  expect(oldNodes).not.toEqual([])
})

describe.each(oldNodes)('on $version', ({ version, path }) => {
  const says = `claude-telemetry: this is Node ${version} (${realpathSync(path)}); Node ${OLDEST_NODE} or newer is needed.\n`

  test.each([
    ['node dist/main.js', [path, 'dist/main.js']],
    ['node dist/main.js doctor', [path, 'dist/main.js', 'doctor', '--json']],
    ['a global install', [join('bin', 'claude-telemetry'), 'start']],
  ])('%s says what is needed, and ends with 1', (_, [command = '', ...args]) => {
    const { status, stdout, stderr } = run(path, command, ...args)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr.startsWith(says)).toBe(true)
    expect(stderr.split('\n')).toHaveLength(3)
  })

  test.runIf(existsSync(join(dirname(path), 'npm')))('npm start does as well', () => {
    const { status, stderr } = run(path, 'npm', 'start')
    expect(status).toBe(1)
    expect(stderr).toContain(says)
  })

  // Vitest itself needs 20: before that it ends before it reads the project's configuration.
  test.runIf(Number(/\d+/.exec(version)) >= 20).each([
    ['vitest', ['vitest/vitest.mjs', 'run', 'test/unit/config']],
    ['vite', ['vite/bin/vite.js', 'build', '--outDir', 'dist-of-old-node']],
  ])('%s ends with a sentence', (_, [tool = '', ...args]) => {
    const { status, stdout, stderr } = spawnSync(
      path,
      [join(project, 'node_modules', tool), ...args],
      { cwd: project, env: { PATH: process.env.PATH }, encoding: 'utf8' },
    )
    expect(status).toBe(1)
    expect(stdout + stderr).toBe(
      `This is Node ${version}; Node ${OLDEST_NODE} or newer is needed here. ./scripts/test.sh brings its own.\n`,
    )
  })
})
