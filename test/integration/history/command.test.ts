/** `claude-telemetry import`, with and without a bridge on the data folder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dataFolderAt } from '../../../src/storage/data-folder.ts'
import { acquireFolderLock } from '../../../src/storage/sqlite/folder-lock.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { createHome, type Home } from '../cli/home.ts'
import { runBridge } from '../cli/patient.ts'
import { rowsIn, storeSettings } from '../store.ts'
import { sessionsOf } from './bridge-import.ts'

const corpus = join(import.meta.dirname, '../../corpus/claude-code-transcripts')
const session = 'e62d80ed-066b-4ede-94b1-f20f2f94ce74'
const recorded = join(corpus, '2.1.329-tools/projects/-home-dev-projects-tools', `${session}.jsonl`)

const cleanUp: (() => unknown)[] = []
let home: Home
let dataDir: string
beforeEach(() => {
  home = createHome()
  dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
})
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function transcriptIn(folder: string): string {
  const path = join(folder, '.claude/projects/-home-dev-projects-tools')
  mkdirSync(path, { recursive: true })
  copyFileSync(recorded, join(path, `${session}.jsonl`))
  return join(path, `${session}.jsonl`)
}

describe('import', () => {
  test('takes what the agents keep into the store while no bridge runs', async () => {
    transcriptIn(home.path('.'))
    const run = (...args: string[]) => home.start(args, storeSettings(dataDir))
    const imported = await run('import')
    expect(imported).toMatchObject({ code: 0 })
    expect(imported.stdout).toMatch(/1 transcript .*1 session, 1 prompt, 6 model calls, 6 tool/)
    const shown = await run('session', session.slice(0, 8), '--json')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(shown.stdout)).toMatchObject({ turns: [{ modelCalls: 6, toolResults: 6 }] })
    expect((await run('import')).stdout).toMatch(/Nothing new/)
    // Found as it was named for the import: by the folder that the agent worked in.
    const listed = await run('sessions', '--project', 'tools', '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject([{ session, project: 'tools' }])
  })

  test('goes where the routes say while no bridge runs', async () => {
    transcriptIn(home.path('.'))
    const keys = { url: 'http://127.0.0.1:7', publicKey: 'pk-lf-red', secretKey: 'sk-lf-red' }
    const routes = { destinations: { 'langfuse:red': keys }, default: ['langfuse:red'] }
    const variables = {
      ...storeSettings(dataDir),
      ROUTES_FILE: home.write('routes.json', JSON.stringify(routes)),
    }
    expect(await home.start(['import', '--export'], variables)).toMatchObject({ code: 0 })
    const [session] = rowsIn<{ route: string }>(dataDir, 'select route from sessions')
    expect(session?.route).toContain('langfuse:red')
    const waiting = await home.start(['status', '--json'], variables)
    expect(JSON.parse(waiting.stdout)).toMatchObject({
      data: {
        waiting: {
          exporters: [
            { name: 'langfuse', pending: 0 },
            { name: 'langfuse:red', pending: 11 },
          ],
        },
      },
    })
  })

  test('goes through the bridge while one runs, and says what it would do before', async () => {
    const path = transcriptIn(home.path('.'))
    const bridge = await runBridge(dataDir, undefined)
    cleanUp.push(() => bridge.stop())
    const url = `http://127.0.0.1:${bridge.port}`
    const run = (...args: string[]) => home.start(args, bridge.variables)
    const dry = await run('import', path, '--dry-run', '--json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ files: 1, calls: 6, tools: 6, prompts: 1 })
    expect(await sessionsOf(url)).toEqual([])
    expect(await run('import', path, '--content', 'drop')).toMatchObject({ code: 0 })
    expect(await sessionsOf(url)).toMatchObject([{ modelCalls: 6, prompts: 1, title: null }])
  })

  test('ends with 1 when something that was named is not stored', async () => {
    const run = (...args: string[]) => home.start(args, storeSettings(dataDir))
    const missing = await run('import', home.path('nowhere'))
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/cannot read .*nowhere: no such file or directory/)
    const none = await run('import')
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/neither Claude Code nor Codex has a folder of transcripts/)
    mkdirSync(home.path('other'))
    const empty = await run('import', home.path('other'))
    expect(empty).toMatchObject({ code: 1, stderr: expect.stringMatching(/no transcript \(/) })
    writeFileSync(home.path('other/other.jsonl'), '{"some":"thing"}\n')
    const other = await run('import', home.path('other'))
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/at .*other; 1 file in another format/),
    })
    const path = transcriptIn(home.path('.'))
    const nothing = /project "nothing-like-it" .* 1 transcript belongs to others?/
    const project = await run('import', path, '--project', 'nothing-like-it')
    expect(project).toMatchObject({ code: 1, stderr: expect.stringMatching(nothing) })
    writeFileSync(home.path('empty.jsonl'), '')
    const beside = [path, home.path('empty.jsonl')]
    const besideEmpty = await run('import', ...beside, '--project', 'nothing-like-it')
    expect(besideEmpty).toMatchObject({ code: 1, stderr: expect.stringMatching(nothing) })
    expect(await run('import', '')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/an empty path/),
    })
    // What can be read is stored, and JSON does not change the exit code.
    const both = ['import', path, home.path('nowhere')]
    const json = await run(...both, '--dry-run', '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ files: 1, unreadable: [expect.any(String)] })
    const text = await run(...both)
    expect(text.code).toBe(1)
    expect(text.stderr).toMatch(/Everything else is stored. Read 1 transcript/)
    expect((await run('import', path)).stdout).toMatch(/Nothing new/)
    const known = await run('import', path, '--project', 'nothing-like-it')
    expect(known).toMatchObject({ code: 1, stderr: expect.stringMatching(nothing) })
    const again = await run('import', path, '--again', '--content', 'drop')
    expect(again.stdout).toMatch(
      /^Read again from the beginning: 1 transcript .*\nContent .* stays/,
    )
    const unreadable = await run('reconcile', '--usage-csv', home.path('nowhere.csv'))
    expect(unreadable).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot read .*nowhere\.csv: no such file or directory/),
    })
  })

  test('keeps history from prune as long as the bridge does, and --again brings back what went', async () => {
    const run = (...args: string[]) => home.start(args, { DATA_DIR: dataDir })
    const path = transcriptIn(home.path('.'))
    const text = readFileSync(path, 'utf8').replace(/"timestamp": ?"20\d\d-/g, '"timestamp":"2021-')
    writeFileSync(path, text)
    expect((await run('import', path)).code).toBe(0)
    const sessions = async () =>
      JSON.parse((await run('sessions', '--all', '--json')).stdout) as unknown[]
    expect(await sessions()).toHaveLength(1)
    expect((await run('prune')).stdout).toMatch(/^There are no closed sessions from before 20/)
    expect((await run('prune', '--older-than', '0')).stdout).toMatch(/Deleted 1 closed session/)
    expect(await sessions()).toEqual([])
    expect((await run('import', path)).stdout).toMatch(/Nothing new .* deleted since, add --again/)
    expect((await run('import', path, '--again')).code).toBe(0)
    expect(await sessions()).toHaveLength(1)
  })

  test('tells the second of two imports to wait', async () => {
    const path = transcriptIn(home.path('.'))
    const lock = acquireFolderLock(dataFolderAt(dataDir).lockPath)
    cleanUp.push(() => lock?.release())
    expect(await home.start(['import', path], { DATA_DIR: dataDir })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/in use by another .* wait until it ends/),
    })
  })

  test('shows the version of the agent of a session that was only imported', async () => {
    const run = (...args: string[]) => home.start(args, { DATA_DIR: dataDir })
    const path = transcriptIn(home.path('.'))
    expect((await run('import', path)).code).toBe(0)
    const [{ session }] = JSON.parse((await run('sessions', '--all', '--json')).stdout) as [
      { readonly session: string },
    ]
    const version = /"version": ?"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1]
    const told = JSON.parse((await run('session', session, '--json')).stdout) as unknown
    expect(told).toMatchObject({ agentVersion: version })
  })

  test('ends with 0 where there is nothing to store', async () => {
    const run = (...args: string[]) => home.start(args, { DATA_DIR: dataDir })
    writeFileSync(home.path('empty.jsonl'), '')
    const empty = await run('import', home.path('empty.jsonl'))
    expect(empty).toMatchObject({ code: 0, stdout: 'Nothing to import: 1 transcript, empty.\n' })
    const path = transcriptIn(home.path('.'))
    utimesSync(path, 0, 0)
    const older = await run('import', path, '--since', '1d')
    expect(older).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/written before --since/),
    })
  })

  test('says where it exports to, and what it does not send again', async () => {
    const path = transcriptIn(home.path('.'))
    const keys = { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-1' }
    const address = { LANGFUSE_HOST: 'http://127.0.0.1:9' }
    const run = (variables: Record<string, string>, ...args: string[]) =>
      home.start(['import', path, ...args], { DATA_DIR: dataDir, ...variables })
    const nowhere = await run({}, '--export')
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no exporter is configured/),
    })
    const first = await run({ ...keys, ...address }, '--export')
    expect(first.code).toBe(0)
    expect(first.stderr).toMatch(/Langfuse +http:\/\/127.0.0.1:9/)
    expect(first.stdout).not.toMatch(/not sent again/)
    for (const more of [[], ['--again']]) {
      const later = await run({ ...keys, ...address }, '--export', ...more)
      expect(later.stdout).toMatch(/not sent again. To send it, run: claude-telemetry replay/)
    }
  })

  test('reads a file that grows where it ended, and a line when it is complete', async () => {
    const bridge = await runBridge(dataDir, undefined)
    cleanUp.push(() => bridge.stop())
    const url = `http://127.0.0.1:${bridge.port}`
    const path = home.path('growing.jsonl')
    const usage = { input_tokens: 3, output_tokens: 1 }
    const answer = (output: number) =>
      JSON.stringify({
        type: 'assistant',
        sessionId: 'growing',
        uuid: `answer-${output}`,
        timestamp: '2026-11-26T10:00:01.000Z',
        requestId: 'req-1',
        message: {
          id: 'msg-1',
          model: 'claude-opus-5-5',
          role: 'assistant',
          content: [{ type: 'text', text: 'Well.' }],
          usage: { ...usage, output_tokens: output },
        },
      })
    const prompt = JSON.stringify({
      type: 'user',
      sessionId: 'growing',
      uuid: 'prompt-1',
      timestamp: '2026-11-26T10:00:00.000Z',
      message: { role: 'user', content: 'Say something.' },
    })
    const run = (...args: string[]) => home.start(args, bridge.variables)
    const outputs = async () => (await sessionsOf(url)).map(({ tokens }) => tokens.output)
    writeFileSync(
      path,
      `${prompt}\n{"type":"invented","x":1}\n\n${answer(1)}\n${answer(7).slice(0, 40)}`,
    )
    const first = await run('import', path)
    expect(first.code).toBe(0)
    expect(first.stdout).not.toMatch(/damaged/)
    expect(await outputs()).toEqual([1])
    appendFileSync(path, `${answer(7).slice(40)}\n`)
    expect(await run('import', path)).toMatchObject({ code: 0 })
    expect(await outputs()).toEqual([7])
    expect(await sessionsOf(url)).toMatchObject([{ modelCalls: 1, prompts: 1 }])
    writeFileSync(home.path('damaged.jsonl'), `${prompt}\n{"type":"user",\n${prompt}\n[\n`)
    const damaged = await run('import', home.path('damaged.jsonl'))
    expect(damaged).toMatchObject({ code: 0 })
    expect(damaged.stdout).toContain(
      `2 damaged lines were skipped:\n  ${home.path('damaged.jsonl')}: 2, the first at byte ${prompt.length + 1}\n`,
    )
    mkdirSync(home.path('copies'))
    writeFileSync(home.path('copies/empty.jsonl'), '')
    copyFileSync(path, home.path('copies/copy.jsonl'))
    expect(await run('import', home.path('copies'))).toMatchObject({ code: 0 })
    expect(await sessionsOf(url)).toMatchObject([{ modelCalls: 1, prompts: 1 }])
  })
})

describe('watch', () => {
  test('stores what agents write until it is ended, and says so', async () => {
    const path = transcriptIn(home.path('.'))
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const half = Math.floor(lines.length / 2)
    const textOf = (some: readonly string[]) => some.map((line) => `${line}\n`).join('')
    writeFileSync(path, textOf(lines.slice(0, half)))
    const child = spawn(process.execPath, [...home.nodeArgs, 'watch'], {
      cwd: home.folder,
      env: { HOME: home.folder, PATH: process.env.PATH, DATA_DIR: dataDir, TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'close')
    cleanUp.push(async () => {
      child.kill('SIGKILL')
      await exited
    })
    const told: string[] = []
    const errors: string[] = []
    createInterface(child.stdout).on('line', (line) => told.push(line))
    createInterface(child.stderr).on('line', (line) => errors.push(line))
    const calls = () =>
      told.reduce((sum, line) => sum + Number(/(\d+) model call/.exec(line)?.[1] ?? 0), 0)
    await vi.waitFor(() => expect(calls()).toBeGreaterThan(0), { timeout: 60_000 })
    expect(errors).toContainEqual(expect.stringMatching(/^Following .*projects\. Press Ctrl-C/))
    expect(told[0]).toMatch(/^\d\d:\d\d:\d\d {2}1 session: \d+ prompts?, \d+ model calls?, /)
    const before = told.length
    appendFileSync(path, textOf(lines.slice(half)))
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), { timeout: 60_000 })
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    const [stored] = JSON.parse(
      home.run(['sessions', '--all', '--json'], { DATA_DIR: dataDir }).stdout,
    ) as [{ readonly model_calls: number }]
    expect(stored.model_calls).toBeGreaterThan(0)
    // Nothing of it is left to an import.
    expect(home.run(['import', path], { DATA_DIR: dataDir }).code).toBe(0)
    const again = home.run(['sessions', '--all', '--json'], { DATA_DIR: dataDir })
    expect(JSON.parse(again.stdout)).toMatchObject([{ session }])
  })

  test('refuses an empty path, which would be the current folder', async () => {
    expect(await home.start(['watch', ''], storeSettings(dataDir))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/an empty path/),
    })
  })

  test('leaves it to the bridge that uses the data folder', async () => {
    transcriptIn(home.path('.'))
    const bridge = await runBridge(dataDir, undefined)
    cleanUp.push(() => bridge.stop())
    const refused = await home.start(['watch'], bridge.variables)
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/uses this data folder\n.*WATCH_TRANSCRIPTS=on/),
    })
    const done = await home.start(['watch'], { ...bridge.variables, WATCH_TRANSCRIPTS: 'on' })
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do: /) })
  })
})
