/** Folders and files that clients name, and what a running bridge makes of them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { type BridgeProcess, startedProcess } from '../corpus/bridge-process.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function folder(): string {
  const path = temporaryFolder()
  cleanUp.push(() => removeFolder(path))
  return path
}

async function started(environment: Record<string, string> = {}): Promise<BridgeProcess> {
  const bridge = await startedProcess({ ...bridgeEnvironment(folder()), ...environment })
  cleanUp.push(() => bridge.child.kill('SIGKILL'))
  return bridge
}

const posted = async (
  url: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers = {},
) => {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return answer.status
}
const hook = (url: string, cwd: string) =>
  posted(
    url,
    '/hooks/claude-code',
    JSON.stringify({ session_id: 's', hook_event_name: 'UserPromptSubmit', prompt: cwd, cwd }),
  )
const compressed = (url: string) =>
  posted(url, '/v1/logs', gzipSync('{"resourceLogs":[]}'), { 'content-encoding': 'gzip' })

describe('repositories that are traps', () => {
  const traps: Readonly<Record<string, (at: string) => unknown>> = {
    fifo: (at) => execFileSync('mkfifo', [at]),
    endless: (at) => symlinkSync('/dev/zero', at),
    folder: (at) => mkdirSync(at),
    huge: (at) => {
      writeFileSync(at, '')
      truncateSync(at, 1_500_000_000)
    },
  }

  test('hold up neither intake nor the end of the process', async () => {
    const root = folder()
    const repositories: string[] = []
    for (const [name, make] of Object.entries(traps)) {
      for (const file of ['HEAD', 'config', 'commondir']) {
        const repository = join(root, `${name}-${file}`)
        mkdirSync(join(repository, '.git'), { recursive: true })
        if (file !== 'HEAD') writeFileSync(join(repository, '.git/HEAD'), 'ref: refs/heads/main\n')
        make(join(repository, '.git', file))
        repositories.push(repository)
      }
    }
    const bridge = await started()
    for (const repository of repositories) expect(await hook(bridge.url, repository)).toBe(200)
    expect(await compressed(bridge.url)).toBe(200)
    bridge.kill('SIGTERM')
    expect(await bridge.ended()).toBe(0)
  })

  test('on a file system that hangs take one thread, and the process ends all the same', async () => {
    const root = folder()
    const fifo = join(root, 'fifo')
    execFileSync('mkfifo', [fifo])
    const repositories = ['dead', 'alive'].map((name) => join(root, name))
    for (const repository of repositories) {
      mkdirSync(join(repository, '.git'), { recursive: true })
      writeFileSync(join(repository, '.git/HEAD'), 'ref: refs/heads/main\n')
    }
    const bridge = await started({
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'hanging-open.ts')}`,
      HANGING_FILE: join(root, 'dead/.git/HEAD'),
      HANGING_FIFO: fifo,
    })
    for (let round = 0; round < 10; round += 1) {
      for (const repository of repositories) {
        expect(await hook(bridge.url, join(repository, `${round}`))).toBe(200)
      }
    }
    for (let request = 0; request < 10; request += 1) {
      expect(await compressed(bridge.url)).toBe(200)
    }
    bridge.kill('SIGTERM')
    // All is stored by then; a thread that hangs cannot be joined.
    expect(await bridge.ended()).toBe('SIGKILL')
    expect(bridge.log()).toContain('stopped')
  })
})

describe('raw API bodies in files', () => {
  const record = (id: string, path: string) => ({
    timeUnixNano: `${Date.now()}000000`,
    body: { stringValue: 'claude_code.api_request_body' },
    attributes: Object.entries({
      'session.id': 's',
      'event.name': 'api_request_body',
      'event.sequence': id,
      request_body_id: id,
      body_ref: path,
    }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  })
  const logs = (...records: readonly object[]): string =>
    JSON.stringify({
      resourceLogs: [
        {
          resource: {
            attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }],
          },
          scopeLogs: [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords: records }],
        },
      ],
    })

  test('are kept with their records below the configured folders, and others are not read', async () => {
    const langfuse = await createLangfuseStandIn()
    cleanUp.push(() => langfuse.close())
    const bodies = folder()
    const path = join(bodies, 'request.json')
    writeFileSync(path, '{"messages":[{"role":"user","content":"a question"}]}')
    const secret = join(folder(), 'secret.json')
    writeFileSync(secret, '{"messages":[{"role":"user","content":"a secret"}]}')
    const bridge = await startBridge({
      ...bridgeEnvironment(folder(), langfuse),
      BODY_FOLDERS: bodies,
    })
    const request = logs(
      record('1', path),
      ...Array.from({ length: 300 }, (_, n) => record(`again-${n}`, path)),
      record('2', secret),
      record('3', '/proc/self/environ'),
    )
    expect(await posted(bridge.url, '/v1/logs', request)).toBe(200)
    const events = `${bridge.url}/api/sessions/claude-code%2Fs/events?limit=500`
    const text = await (await fetch(events)).text()
    await bridge.stop()
    expect(text.match(/a question/g)).toHaveLength(1)
    expect(text).not.toContain('a secret')
    expect(text).toContain('is in none of BODY_FOLDERS')
  })
})
