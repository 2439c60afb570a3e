/** Masking of texts: all kinds of secrets, at any depth of JSON, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generateLookAlikes, generateSecrets } from '../../../../scripts/secrets/generate.ts'
import { seeded } from '../../../../scripts/secrets/seeded.ts'
import { contextRules, tokenRules } from '../../../../src/processors/redact/rules/all.ts'
import { createTextMasker } from '../../../../src/processors/redact/text-masker.ts'
import lookAlikes from './look-alikes.json' with { type: 'json' }
import knownSecrets from './secrets.json' with { type: 'json' }
import { growth, WELL_BELOW_QUADRATIC } from '../../growth.ts'

const masker = createTextMasker(tokenRules, contextRules)

function mask(text: string): string {
  return masker.mask(text, () => undefined)
}

const nested = (text: string, depth: number): string =>
  depth === 0 ? text : JSON.stringify({ before: 1, text: nested(text, depth - 1), after: 'x' })

/** What the outermost JSON says. */
function parsed(text: string, depth: number): unknown {
  return JSON.parse(depth > 0 ? text : nested(text, 1))
}

/** Half a secret counts as leaked. */
function expectGone(masked: string, secret: string): void {
  expect(masked).not.toContain(secret.slice(0, Math.ceil(secret.length / 2)))
  expect(masked).not.toContain(secret.slice(Math.floor(secret.length / 2)))
}

const secrets = [1, 2, 3].flatMap((seed) => generateSecrets(seeded(seed)))

test('there are at least 60 kinds', () => {
  expect(new Set(tokenRules.map(({ id }) => id)).size).toBeGreaterThanOrEqual(60)
})

describe('a secret is masked', () => {
  test.each(secrets.map((each) => [each.kind, each] as const))('%s', (_, { text, secret }) => {
    expect(text).toContain(secret)
    for (const depth of [0, 1, 2, 3]) {
      for (const around of [text, `first line\n${text}\nlast line`]) {
        const masked = mask(nested(around, depth))
        expectGone(masked, secret)
        expect(masked).toContain('[masked: ')
        expect(parsed(masked, depth)).toMatchObject({ before: 1, after: 'x' })
        expect(mask(masked), 'a second time').toBe(masked)
      }
    }
  })
})

/** As JSON writes a text so many strings deep. */
const escaped = (text: string, depth: number): string =>
  depth === 0 ? text : escaped(JSON.stringify(text).slice(1, -1), depth - 1)

describe('what a context tells is masked', () => {
  test.each(knownSecrets.map((each) => [each.text, each.secrets] as const))('%j', (text, gone) => {
    for (const depth of [0, 1, 2]) {
      for (const around of [text, `first line\n${text}\nlast line`]) {
        const masked = mask(nested(around, depth))
        for (const secret of gone) expectGone(masked, escaped(secret, depth))
        expect(mask(nested(around, depth)), 'the same text again').toBe(masked)
        expect(parsed(masked, depth)).toMatchObject({ before: 1, after: 'x' })
        expect(mask(masked), 'a second time').toBe(masked)
      }
    }
  })
})

test('what looks alike stays as it is', () => {
  const texts = Array.from({ length: 20 }, (_, n) => generateLookAlikes(seeded(n))).flat()
  const touched = texts.filter((text) => mask(text) !== text)
  expect(touched.length / texts.length, touched.join('\n')).toBeLessThanOrEqual(0.02)
})

test.each(lookAlikes)('%j stays as it is', (text) => {
  expect(mask(text)).toBe(text)
  expect(mask(`before\n${text}\nafter`)).toBe(`before\n${text}\nafter`)
})

test.each([
  [
    'export GITHUB_TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    'export GITHUB_TOKEN=[masked: github-token]',
  ],
  ['{"password":"hunter22"}', '{"password":"[masked: password]"}'],
  ['{"password":84739201,"n":1}', '{"password":"[masked: password]","n":1}'],
  [
    String.raw`{"a":"{\"pwd\":\"p\\\"w1x9\",\"n\":2}"}`,
    String.raw`{"a":"{\"pwd\":\"[masked: password]\",\"n\":2}"}`,
  ],
  ['postgres://app:s3cret-x@db/shop', 'postgres://app:[masked: url-password]@db/shop'],
  ['https://u:p@ss:w0rd@host/x', 'https://u:[masked: url-password]@host/x'],
  ['DB_PASSWORD=correcthorse NEXT=1', 'DB_PASSWORD=[masked: password] NEXT=1'],
  [
    String.raw`x\nDB_PASSWORD=abc1234\nNEXT=1`,
    String.raw`x\nDB_PASSWORD=[masked: password]\nNEXT=1`,
  ],
  ['set -gx API_KEY Xk29fjw0Qz8LmN3p', 'set -gx API_KEY [masked: secret]'],
  ['ENV DB_PASSWORD hunter22', 'ENV DB_PASSWORD [masked: password]'],
  ["export TOKEN=$'Xk29fjw0Qz8LmN3p'", "export TOKEN=$'[masked: token]'"],
  ['my API key is Xk29fjw0Qz8LmN3p', 'my API key is [masked: secret]'],
  ["ALTER USER x IDENTIFIED BY 'hunter22'", "ALTER USER x IDENTIFIED BY '[masked: sql-password]'"],
  ['get(u, auth=("app", "hunter22"))', 'get(u, auth=("app", "[masked: basic-auth]"))'],
  ['Cookie: theme=dark; sid=xVyQKfkPZXjjXUoUFTpomuMz', 'Cookie: [masked: cookie]'],
  ['token%3Dghp_abcdefghijklmnopqrstuvwxyz0123456789', 'token%3D[masked: github-token]'],
])('%s becomes %s', (text, expected) => {
  expect(mask(text)).toBe(expected)
})

test.each([
  'a password is required',
  'password: string',
  'const password = process.env.PASSWORD',
  '"token": "bearer"',
  'API_KEY=$API_KEY',
  'the header Authorization: Bearer <token>',
  'Basic authentication is not enough',
  'max_tokens=4096 total_tokens: 123456',
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
  'token = getToken(request)',
  'https://user@host/path',
])('%s stays as it is', (text) => {
  expect(mask(text)).toBe(text)
})

describe('what was masked before changes nothing', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg'
  const texts = new Set([
    jwt,
    ...knownSecrets.map(({ text }) => text),
    ...lookAlikes,
    ...secrets.map(({ text }) => text),
    ...corpusTexts(),
  ])

  test('a text is masked the same way each time and in any order', () => {
    const first = new Map(Array.from(texts, (text) => [text, mask(text)]))
    expect(first.get(jwt)).toBe('[masked: jwt]')
    for (const text of texts) {
      expect(mask(text)).toBe(first.get(text))
      expect(mask(text)).toBe(first.get(text))
    }
    for (const text of [...texts].reverse()) expect(mask(text)).toBe(first.get(text))
  })

  const keywords = [...tokenRules, ...contextRules].flatMap((rule) => rule.keywords)
  test.each(['claude_code.token.usage', 'input_tokens', '/home/me/authors.txt', 'keyboard'])(
    '%s stays as it is, however often it comes',
    (text) => {
      for (let time = 0; time < 3000; time += 1) expect(mask(text)).toBe(text)
    },
  )

  test('a text with a keyword is masked the same way, however often it comes', () => {
    for (const keyword of new Set(keywords)) {
      const text = `see ${keyword} there`
      const first = mask(text)
      let same = 0
      while (same < 2000 && mask(text) === first) same += 1
      expect(same, text).toBe(2000)
    }
  })
})

/** All texts of the recorded requests, names as well. */
function corpusTexts(): ReadonlySet<string> {
  const found = new Set<string>()
  const folder = join(import.meta.dirname, '../../../corpus')
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue
    JSON.parse(readFileSync(join(folder, file), 'utf8'), (name, value: unknown) => {
      found.add(name)
      if (typeof value === 'string') found.add(value)
      return value
    })
  }
  return found
}

test('a secret that was cut is masked as far as it goes', () => {
  expect(mask('"sk-ant-api03-abcdefghijklmnopqrstuvwx…')).toBe('"[masked: anthropic-key]…')
  expect(mask('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC')).toBe(
    '[masked: private-key]',
  )
  expect(mask('TOKEN=aB3dE6gH9kL2mN5…')).toBe('TOKEN=[masked: token]')
  expect(mask('{"password":"correct-horse1-bat')).toBe('{"password":"[masked: password]')
})

describe('a hostile text costs little more than prose', { timeout: 120_000 }, () => {
  const flat = (part: string) => Buffer.from(part.repeat(400_000 / part.length)).toString()
  const work = (text: string): number => {
    let best = Number.POSITIVE_INFINITY
    for (let run = 0; run < 4; run += 1) {
      const before = process.threadCpuUsage()
      mask(text)
      const { user, system } = process.threadCpuUsage(before)
      best = Math.min(best, user + system)
    }
    return best
  }
  const prose = flat('A developer reads what the program printed, line after line. ')

  test.each(['api_key: token: secret ', 'password: ', 'token ', 'PASSWORD=x ', 'cookie=a'])(
    '%s',
    (part) => {
      expect(work(flat(part))).toBeLessThan(60 * Math.max(work(prose), 500))
    },
  )
})

test('names without values for thousands of characters hide no secret, and leave JSON whole', () => {
  const words = 'api_key: token: secret '.repeat(2000)
  const masked = mask(JSON.stringify({ words: `${words}password: Xk29fjw0Qz8LmN3p`, after: 1 }))
  expect(masked).not.toContain('Xk29fjw0')
  expect(JSON.parse(masked)).toMatchObject({ after: 1 })
  expect(mask(`${words}\nthe end`).slice(-8)).toBe('\nthe end')
})

describe('the work grows with the text and not faster', { timeout: 120_000 }, () => {
  test.each([
    'a',
    'eyJ',
    'eyJaaaaaaaaaaaa.',
    'password=',
    'PASSWORD=',
    'password="',
    String.raw`password="\"`,
    'cookie=a',
    'bearer+',
    'authorization=',
    '://a:',
    '-----BEGIN PRIVATE KEY-----',
    'xoxb-',
    'KEY: ',
    '\\',
    '"name":"password","value":',
    'password is a ',
    'mysql ',
    'login a password ',
    'echo aaaa |',
    '<<EOF\n',
    '<<< aaaa',
    'kind: Secret\ndata:\n',
    '"kind":"Secret","data":{"a":"',
    'пароль: ',
    'code=',
    'cookies = {"a":"b",',
    'mnemonic: abc def ghi ',
    'cGFzc3dvcmQ',
    '<saml:assertion',
    'passwords = ["a",',
    'password="a" + ',
    'password: |\n  ',
  ])('%s', async (part) => {
    const work = (n: number) => {
      const text = part.repeat(n)
      return () => void mask(text)
    }
    expect(await growth(work, 20_000)).toBeLessThan(WELL_BELOW_QUADRATIC)
  })
})

test('a quote that is not closed reaches no further than the JSON string that it stands in', () => {
  const of = {
    command: "export SSHPASS='Xk29fjw0Qz8LmN3p",
    after: "it's",
    list: ["TOKEN='abc12345xyz"],
  }
  const masked = mask(JSON.stringify(of))
  expect(masked).not.toMatch(/Xk29|abc12345/)
  expect(JSON.parse(masked)).toMatchObject({
    after: "it's",
    list: [expect.stringContaining('TOKEN=')],
  })
  expect(mask(`export SSHPASS='Xk29fjw0"},Qz8LmN3p'`)).not.toMatch(/Xk29|LmN3p/)
})
