/** `./claude-telemetry`: the command of a clone, from anywhere, with the Node that it needs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from './corpus/recording.ts'
import { createProjectCopy, type ProjectCopy } from './shell/project-copy.ts'
import { shells } from './shell/shells.ts'

/** Says what it is given; ends when it is told to, with a code of its own. */
const PROGRAM = `
process.on('SIGTERM', () => process.exit(7))
console.log(JSON.stringify(process.argv.slice(2)))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
process.exitCode = 3
`

let copy: ProjectCopy
beforeEach(() => {
  copy = createProjectCopy()
  writeFileSync(copy.path('dist/main.js'), PROGRAM)
})
afterEach(() => copy.remove())

/** Puts the Node of this test where ./quickstart.sh puts one, and an old one before it on PATH. */
function withOwnNode(): void {
  copy.program('node', 'echo v20.11.0')
  mkdirSync(copy.path('.node/node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, copy.path('.node/node_modules/.bin/node'))
}

const run = (command: string) => copy.run(command)

test('passes arguments and the exit code on', () => {
  expect(run(`./claude-telemetry 'a b' --c "d'e"`)).toMatchObject({
    status: 3,
    stdout: `["a b","--c","d'e"]\n`,
    stderr: '',
  })
})

test('finds the Node of the clone where the machine’s own is too old', () => {
  withOwnNode()
  expect(run('./claude-telemetry x')).toMatchObject({ status: 3, stdout: '["x"]\n', stderr: '' })
})

test('works from any folder, by a link in PATH, and by a link to that', () => {
  withOwnNode()
  mkdirSync(copy.path('other folder'))
  symlinkSync('../claude-telemetry', copy.path('bin/ct'))
  symlinkSync('ct', copy.path('bin/ctt'))
  for (const command of ['ct x', 'ctt x', `"${copy.path('claude-telemetry')}" x`]) {
    const { status, stdout } = run(`cd 'other folder' && CDPATH=/ ${command}`)
    expect({ command, status, stdout }).toEqual({ command, status: 3, stdout: '["x"]\n' })
  }
})

describe.each(shells)('$name', ({ command, isHere }) => {
  test.skipIf(!isHere)('understands it', () => {
    const { status, stdout } = run(`${command.join(' ')} ./claude-telemetry x`)
    expect({ status, stdout }).toEqual({ status: 3, stdout: '["x"]\n' })
  })
})

test('says what to do without a Node that is new enough', () => {
  copy.program('node', 'echo v20.11.0')
  const { status, stdout, stderr } = run('./claude-telemetry doctor')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toBe(
    `claude-telemetry: Node 24 or newer is needed, and this machine has v20.11.0.\nRun ${copy.folder}/quickstart.sh once: it fetches one into the clone.\n`,
  )
})

test.each(['dist/main.js', 'node_modules'])('says what to do while %s is missing', (name) => {
  rmSync(copy.path(name), { recursive: true })
  const { status, stderr } = run('./claude-telemetry doctor')
  expect(status).toBe(1)
  expect(stderr).toBe(
    `claude-telemetry: this clone is not built yet. Run ${copy.folder}/quickstart.sh once.\n`,
  )
})

test('signals reach the program', async () => {
  withOwnNode()
  chmodSync(copy.path('claude-telemetry'), 0o755)
  const child = spawn(copy.path('claude-telemetry'), ['wait'], {
    env: { PATH: [copy.path('bin'), process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'close')
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await eventually('the program', () => said !== '')
  child.kill('SIGTERM')
  expect(await exited).toEqual([7, null])
})
