/**
 * A session exported to be shared, by the command and by the API: complete, masked even where the store holds
 * secrets, and harmless whatever stands in it, by the word of parsers of HTML and of Markdown.
 */
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { safeBlock } from '../../src/domain/safe-text.ts'
import { actingOn, runOnScreen } from './cli/screen.ts'
import { type MadeEvent, post, toolResult, turn } from './cli/telemetry.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { storeSettings } from './store.ts'

const TOKEN = `ghp_${'a1B2'.repeat(9)}`
/** What would be markup in HTML or Markdown, act on a terminal, or turn a line around. */
const HOSTILE = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '</pre></code></title></style><a href="javascript:alert(1)">x</a>',
  '" onmouseover="alert(1)',
  '```\n# heading\n````\n<b>out</b>\n~~~',
  '![pixel](https://evil.example/p.png) [link](https://evil.example) https://evil.example www.evil.example <https://evil.example>',
  '| a | b |\n|---|---|\n| 1 | `2` |',
  '\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202eevil\u200b\u0000',
  '\\`*_{}[]()#+-.!|~ &lt;b&gt; &amp; $x$ ==y== @someone #1',
].join('\n')
const LONG_SESSION = 'session-of-5000-rows'
const [TURNS, ROWS_OF_TURN] = [5, 1000]

let bridge: TestBridge
let variables: Record<string, string>
const folder = mkdtempSync(join(tmpdir(), 'export-'))

const edited = (id: string, input: object): MadeEvent =>
  toolResult('Edit', { tool_use_id: id, tool_input: JSON.stringify(input) })

beforeAll(async () => {
  bridge = await startBridge({ ...bridgeEnvironment(temporaryFolder()), MASK: 'off' })
  await post(bridge.url, [
    {
      id: 'plain-session',
      userId: 'ada.lovelace@example.com',
      resource: { project: 'shop', team: 'payments' },
      events: [
        ...turn(`Fix the login test with ${TOKEN} in /home/ada/shop`, 0.25),
        edited('t1', { file_path: '/home/ada/shop/login.ts', new_string: 'x' }),
        toolResult('Bash', {
          tool_use_id: 't2',
          success: 'false',
          error: `exit 1: ${TOKEN}`,
          tool_input: JSON.stringify({
            command: `curl -H "Authorization: Bearer ${TOKEN}" http://x`,
          }),
        }),
        toolResult('Bash', {
          tool_use_id: 't3',
          tool_input: JSON.stringify({ command: 'gh pr create' }),
        }),
      ],
    },
    {
      id: 'hostile-session',
      userId: HOSTILE,
      resource: { project: HOSTILE, team: HOSTILE },
      events: [
        ...turn(HOSTILE, 0.1, HOSTILE),
        edited('h1', { file_path: HOSTILE }),
        toolResult(HOSTILE, { tool_use_id: 'h2', success: 'false', error: HOSTILE }),
      ],
    },
    {
      id: LONG_SESSION,
      events: Array.from({ length: TURNS }, (_, prompt) => [
        {
          name: 'user_prompt',
          values: {
            'prompt.id': `p${prompt}`,
            prompt: `prompt ${prompt} ${TOKEN} ${'x'.repeat(20_000)}`,
          },
        },
        ...Array.from({ length: ROWS_OF_TURN }, (_, row) =>
          toolResult('Bash', {
            'prompt.id': `p${prompt}`,
            tool_use_id: `${prompt}-${row}`,
            tool_input: JSON.stringify({ command: `echo row-${prompt}-${row}` }),
          }),
        ),
      ]).flat(),
    },
  ])
  variables = { ...storeSettings(bridge.dataDir), MASK: 'off', TZ: 'UTC' }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
  removeFolder(folder)
})

const run = (...args: string[]) => runOnScreen(args, variables, { isTTY: false })

async function exported(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('export', ...args)
  expect([code, stderr]).toEqual([0, expect.stringContaining('Exported ')])
  return stdout
}

const api = (id: string, query: string, headers: Record<string, string> = {}) =>
  fetch(`${bridge.url}/api/sessions/${encodeURIComponent(`claude-code/${id}`)}/export?${query}`, {
    headers,
  })

/** Every element with its attributes, and all text. */
function parsed(html: string) {
  const elements: { readonly tag: string; readonly attributes: Record<string, string> }[] = []
  const texts: string[] = []
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ('value' in node) texts.push(node.value)
    if ('tagName' in node) {
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]))
      elements.push({ tag: node.tagName, attributes })
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child)
  }
  visit(parse(html))
  return { elements, text: texts.join(' ') }
}

/** As GitHub would make HTML of it, with whatever HTML the Markdown holds. */
const htmlOf = (markdown: string) =>
  micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  })

describe.each(['html', 'markdown'] as const)('as %s', (format) => {
  const shown = (file: string) => parsed(format === 'html' ? file : htmlOf(file))

  test('it says what was asked, done, changed and spent, without secrets', async () => {
    const file = await exported('plain-session', '--format', format)
    const { text } = shown(file)
    for (const part of [
      /Fix the login test with \[masked: [^\]]+\] in \/home\/ada\/shop/,
      /ada\.lovelace@example\.com/,
      /payments/,
      /shop/,
      /\$0\.25/,
      /\/home\/ada\/shop\/login\.ts/,
      /claude-opus-5-5/,
      /gh pr create/,
      /exit 1: \[masked/,
      /1 error/,
      /Turn 1/,
      /Secrets are masked/,
    ]) {
      expect(text).toMatch(part)
    }
    expect(file).not.toContain(TOKEN)
  })

  test('anonymous, it leaves out who and where', async () => {
    const file = await exported('plain-session', '--format', format, '--anonymous')
    expect(file).not.toMatch(/ada|lovelace|payments/i)
    expect(shown(file).text).toContain('~/shop/login.ts')
  })

  test('nothing in it becomes markup, acts, or leads elsewhere', async () => {
    const file = await exported('hostile-session', '--format', format)
    expect(file).toBe(safeBlock(file))
    expect(actingOn(file)).toBeUndefined()
    const { elements, text } = shown(file)
    const tags = new Set(elements.map(({ tag }) => tag))
    expect([...tags].filter((tag) => !ALLOWED.has(tag))).toEqual([])
    expect(elements.flatMap(({ attributes }) => Object.keys(attributes)).filter(isActing)).toEqual(
      [],
    )
    // A mail address is all that GitHub makes a link of in spite of it.
    expect(elements.filter(({ tag }) => tag === 'a')).toEqual([])
    expect(text).toContain('<script>alert(1)</script>')
    expect(text).toContain('![pixel](https://evil.example/p.png)')
    expect(text).not.toContain('52;c;')
    // One turn with its heading, and none of the text's.
    const headings = elements.filter(({ tag }) => /^h[12]$/.test(tag))
    expect(headings.length).toBe(format === 'html' ? 4 : 4)
  })

  test('5,000 rows are all there, and long texts are cut behind their secrets', async () => {
    const file = await exported(LONG_SESSION, '--format', format)
    for (const [prompt, row] of [
      [0, 0],
      [2, 500],
      [TURNS - 1, ROWS_OF_TURN - 1],
    ]) {
      expect(file).toContain(`echo row-${prompt}-${row}`)
    }
    expect(file.match(/echo row-/g)).toHaveLength(TURNS * ROWS_OF_TURN)
    expect(file).not.toContain(TOKEN)
    expect(file).toContain(`Long prompts or answers of ${TURNS} turns are cut`)
    const fromApi = await api(LONG_SESSION, `format=${format}`)
    expect([fromApi.status, await fromApi.text()]).toEqual([200, file])
  })
})

const ALLOWED = new Set(
  (
    'html head meta title style body main h1 h2 h3 dl dt dd p ul li code pre table thead tbody tr th td ' +
    'section details summary strong span'
  ).split(' '),
)
const isActing = (name: string) => /^(on|src|href|style|action|formaction)/.test(name)

test('the API sends an attachment', async () => {
  const answer = await api('plain-session', 'format=html&anonymous=true')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toBe(
    'attachment; filename="session-plain-session.html"',
  )
  expect(await answer.text()).not.toContain('lovelace')
  expect((await api('no-such-session', 'format=html')).status).toBe(404)
  expect((await api('plain-session', 'format=pdf')).status).toBe(400)
})

test('a key exports what it may read, and that is written down', async () => {
  const key = async (name: string, user: string): Promise<string> => {
    const answer = await fetch(`${bridge.url}/api/keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, scopes: ['read:own'], user }),
    })
    return ((await answer.json()) as { readonly secret: string }).secret
  }
  const by = async (secret: string) => {
    const answer = await api('plain-session', 'format=markdown', {
      authorization: `Bearer ${secret}`,
    })
    return [answer.status, (await answer.text()).includes('Fix the login test')]
  }
  expect(await by(await key('ada', 'ada.lovelace@example.com'))).toEqual([200, true])
  expect(await by(await key('eve', 'eve@example.com'))).toEqual([404, false])
  const audit = await fetch(`${bridge.url}/api/audit`)
  const { entries } = (await audit.json()) as {
    readonly entries: readonly Readonly<Record<string, unknown>>[]
  }
  const exports = entries.filter(({ action }) => action === 'exportSession')
  const target = 'claude-code/plain-session'
  expect(exports).toContainEqual(expect.objectContaining({ actor: 'ada', target, outcome: 'done' }))
  expect(exports).toContainEqual(
    expect.objectContaining({ actor: 'eve', target, outcome: 'failed' }),
  )
})

describe('the command', () => {
  test('writes a file of one session that only its owner reads, and does not overwrite', async () => {
    const file = join(folder, 'session.md')
    const made = await run('export', 'plain', '--format', 'markdown', '-o', file)
    expect([made.code, made.stdout]).toEqual([0, ''])
    expect(made.stderr).toContain(file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toMatch(/^# Fix the login test/)
    const again = await run('export', 'plain', '--format', 'markdown', '-o', file)
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('--force')])
  })

  test.each([
    [['export', '--format', 'html'], 'name it by its id'],
    [['export', 'plain', 'hostile', '--format', 'html'], 'name it by its id'],
    [['export', 'plain', '--anonymous'], '--anonymous is for'],
    [['export', 'plain', '--format', 'pdf'], 'jsonl, html, markdown'],
  ])('%s is misused', async (args, message) => {
    const { code, stderr } = await run(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain('claude-telemetry export --help')
  })
})
