/** The package as npm makes it: what is in it, and that it runs with nothing but the database beside it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const project = resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly files: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
}

/** A module that prints the address of each that is loaded after it. */
const TELLS_WHAT_IS_LOADED = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) })
`)}`

/** More than a thread is asked for. */
const LONG_TEXT = 'a long text '.repeat(20_000)

/** Half of what the package had before the program was bundled: 1,186 files, 3.1 MB. */
const MOST_FILES = 190
const MOST_BYTES = 1_550_000

let folder: string
/** Where a global install puts it. */
let installed: string
let packed: { readonly size: number; readonly files: readonly { readonly path: string }[] }

function run(command: string, args: readonly string[], cwd: string) {
  const done = spawnSync(command, args, {
    cwd,
    env: { HOME: folder, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) },
    encoding: 'utf8',
  })
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`)
  return done.stdout
}

const command = (...args: string[]) => run(join(folder, 'bin/claude-telemetry'), args, folder)

beforeAll(() => {
  folder = realpathSync(temporaryFolder())
  const source = join(folder, 'source')
  mkdirSync(source)
  run(process.execPath, [join(project, 'scripts/build.ts'), join(source, 'dist')], project)
  const others = manifest.files.filter((name) => name !== 'dist' && !name.startsWith('!'))
  for (const name of [...others, 'package.json', '.npmrc', 'README.md', 'LICENSE']) {
    cpSync(join(project, name), join(source, name), { recursive: true })
  }
  ;[packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], source))
  installed = join(folder, 'lib/node_modules/claude-telemetry')
  mkdirSync(join(installed, 'node_modules'), { recursive: true })
  const tarball = `claude-telemetry-${manifest.version}.tgz`
  run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', installed], folder)
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(join(project, 'node_modules', name), join(installed, 'node_modules', name))
  }
  mkdirSync(join(folder, 'bin'))
  chmodSync(join(installed, 'dist/main.js'), 0o755)
  symlinkSync(
    '../lib/node_modules/claude-telemetry/dist/main.js',
    join(folder, 'bin/claude-telemetry'),
  )
})
afterAll(() => removeFolder(folder))

/** A call without its cost, and a prompt that takes a thread to mask. */
async function sendUnpriced(url: string, n: number): Promise<void> {
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const records = [
    { 'event.name': 'user_prompt', prompt: `${n} ${LONG_TEXT}`, prompt_length: '240000' },
    {
      'event.name': 'api_request',
      model: 'claude-sonnet-4-5',
      input_tokens: '1000',
      output_tokens: '9',
    },
  ].map((values) => ({
    timeUnixNano: `${Date.now() + n}000000`,
    body: { stringValue: `claude_code.${values['event.name']}` },
    attributes: attributes({ 'session.id': 'unpriced', 'prompt.id': `p${n}`, ...values }),
  }))
  const body = {
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': 'claude-code' }) },
        scopeLogs: [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords: records }],
      },
    ],
  }
  const answer = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect([answer.status, await answer.text()]).toEqual([
    200,
    expect.not.stringContaining('rejected'),
  ])
}

describe('the package', () => {
  test('is small, and has the program, the page, the licences and what is built in', () => {
    const paths = packed.files.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'dist/THIRD-PARTY-NOTICES.txt',
        'dist/main.js',
        'dist/page/index.html',
        'dist/program/langfuse-api-client.cjs',
        'dist/sbom.cdx.json',
      ]),
    )
    expect(paths.length).toBeLessThan(MOST_FILES)
    expect(packed.size).toBeLessThan(MOST_BYTES)
    expect(paths.filter((path) => path.endsWith('.map'))).toEqual([])
  })

  test('asks npm for the database alone', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['better-sqlite3'])
  })

  test('keeps the notice of each package that is built in', () => {
    const notices = readFileSync(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of ['fastify', 'pino', 'zod', 'kysely', 'react', '@langfuse/core', 'wouter']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+.* \\(.+\\)$`, 'm'))
    }
    expect(notices).toContain('Permission is hereby granted, free of charge')
    expect(notices).not.toMatch(/^better-sqlite3 /m)
  })
})

describe('the program in it', () => {
  test('says its version without loading the rest', () => {
    expect(command('--version')).toBe(`${manifest.version}\n`)
    const main = join(installed, 'dist/main.js')
    const loaded = run(
      process.execPath,
      ['--import', TELLS_WHAT_IS_LOADED, main, '--version'],
      folder,
    )
      .split('\n')
      .flatMap((line) => /\/dist\/(.*)$/.exec(line)?.[1] ?? [])
    expect(loaded.toSorted()).toEqual(['main.js', 'program/first.js', 'program/process.js'])
  })

  test('has its commands', () => {
    expect(command('--help')).toMatch(/^ {2}doctor /m)
    expect(command('start', '--check-config')).toContain('# OTLP_RECEIVER_PORT=4318')
    expect(command('completion', 'bash')).toContain('claude-telemetry')
  })

  test('runs the bridge: threads, page, prices, Langfuse', async () => {
    const langfuse = await createLangfuseStandIn()
    const dataDir = join(folder, 'data')
    mkdirSync(dataDir)
    const child = spawn(join(folder, 'bin/claude-telemetry'), [], {
      cwd: folder,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: folder,
        ...bridgeEnvironment(dataDir, langfuse),
        LOG_LEVEL: 'info',
        // The smallest log for which the thread checkpoints.
        MAX_STORE_SIZE: String(16 * 1024 * 1024),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let log = ''
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    const exited = once(child, 'exit')
    try {
      const url = await eventually('the bridge', () => /"url":"([^"]+)"/.exec(log)?.[1])
      await replay(url, recording('tools'))
      for (let n = 0; n < 40; n += 1) await sendUnpriced(url, n)
      expect(await (await fetch(url)).text()).toContain('<!doctype html>')
      const sessions = await eventually('the sessions', async () => {
        const { sessions: rows } = (await (await fetch(`${url}/api/sessions`)).json()) as {
          readonly sessions?: readonly { readonly sessionId: string; readonly costUsd: number }[]
        }
        return rows?.length === 2 && rows
      })
      // What it costs is known from the price list alone.
      const unpriced = sessions.find(({ sessionId }) => sessionId === 'unpriced')
      expect(unpriced?.costUsd).toBeGreaterThan(0)
    } finally {
      child.kill('SIGTERM')
      await exited
      await langfuse.close()
    }
    expect(log.split('\n').filter((line) => /"level":(?:[4-9]\d)/.test(line))).toEqual([])
    expect(langfuse.spans().map(({ name }) => name)).toContain('session-summary')
  })

  test('is readable for a person who gets a stack trace', () => {
    const files = globSync('*.js', { cwd: join(installed, 'dist/program') })
    const texts = files.map((name) => readFileSync(join(installed, 'dist/program', name), 'utf8'))
    const longest = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 20_000)
    expect(longest).toEqual([])
    expect(texts.some((text) => /function createSessionHandler\(/.test(text))).toBe(true)
    expect(existsSync(join(installed, 'dist/program/process.js'))).toBe(true)
  })
})
