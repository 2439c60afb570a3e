/** The import directions of docs/architecture.md, read off the source itself. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const source = resolve(import.meta.dirname, '../../../src')

interface Import {
  readonly from: string
  readonly to: string
}

/** Every import of every module, project paths relative to `src`. */
const imports: readonly Import[] = globSync('**/*.{ts,tsx}', { cwd: source }).flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8')
  const specifiers = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()'([^']+)'/g)
  return [...specifiers].map(([, specifier = '']) => ({
    from: file,
    to: specifier.startsWith('.')
      ? relative(source, join(source, dirname(file), specifier))
      : specifier,
  }))
})

const folderOf = (file: string): string => file.split('/')[0] as string
const isProject = (to: string): boolean => /\.tsx?$/.test(to)

/** What each folder may import of the project, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  threads: [],
  sessions: ['domain'],
  otlp: ['domain'],
  agents: ['domain'],
  prices: ['domain'],
  access: ['domain'],
  processors: ['domain', 'sessions', 'agents', 'otlp', 'threads'],
  config: ['domain'],
  http: ['domain'],
  storage: ['domain', 'threads'],
  exporters: ['domain', 'http', 'config', 'otlp'],
  alerts: ['domain', 'config', 'http', 'exporters'],
  observability: ['domain', 'config'],
  setup: ['domain', 'config'],
  doctor: ['domain', 'alerts', 'config', 'http', 'exporters', 'setup', 'storage'],
  reports: [
    'domain',
    'agents',
    'sessions',
    'processors',
    'storage',
    'exporters',
    'observability',
    'prices',
    'api',
    'threads',
  ],
  mcp: ['domain', 'api', 'reports'],
  cli: [
    'access',
    'domain',
    'config',
    'sessions',
    'processors',
    'reports',
    'alerts',
    'api',
    'doctor',
    'exporters',
    'http',
    'mcp',
    'observability',
    'prices',
    'setup',
    'storage',
  ],
  receivers: ['access', 'domain', 'otlp', 'processors', 'config', 'observability', 'threads'],
  api: ['access', 'domain', 'config', 'http', 'observability', 'receivers'],
  page: ['api', 'domain'],
}

describe('imports', () => {
  test('are found at all', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  test.each(Object.keys(allowed))('%s imports only what lies below it', (folder) => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(from) === folder &&
        isProject(to) &&
        folderOf(to) !== folder &&
        !allowed[folder]?.includes(folderOf(to)),
    )
    expect(wrong).toEqual([])
  })

  const onlyIn: readonly [string, RegExp, readonly string[]][] = [
    ['Fastify', /^(fastify|@fastify\/)/, ['receivers', 'api']],
    ['HTTP/2', /^node:http2$/, ['receivers', 'doctor', 'http']],
    ['the protobuf library', /^@bufbuild\//, ['otlp']],
    ['SQL', /^(kysely|better-sqlite3|pg$)/, ['storage']],
    ['the Langfuse packages', /^@langfuse\//, ['exporters']],
    ['the price list', /^@pydantic\//, ['prices']],
    ['Pino', /^pino/, ['observability']],
    ['Zod', /^zod/, ['config', 'api', 'page', 'mcp']],
    ['the MCP SDK', /^@modelcontextprotocol\//, ['mcp']],
    ['dotenv', /^dotenv/, ['config']],
    ['Temporal', /^temporal-polyfill/, ['reports', 'cli']],
    ['commander', /^commander/, ['cli']],
    ['the OIDC client', /^openid-client/, ['api']],
    ['the mail library', /^nodemailer/, ['http']],
  ]
  test.each(onlyIn)('%s is known in one place', (_, pattern, folders) => {
    const wrong = imports.filter(
      ({ from, to }) => pattern.test(to) && !folders.includes(folderOf(from)),
    )
    expect(wrong).toEqual([])
  })

  test('an engine of the store is known to those alone that open it, and it alone knows its database', () => {
    const folderIn = (file: string) => /^storage\/(\w+)\//.exec(file)?.[1]
    const engineOf = (file: string) => (folderIn(file) === 'shared' ? undefined : folderIn(file))
    const openers = ['storage/open-store.ts', 'storage/beside.ts']
    const wrong = imports.filter(({ from, to }) => {
      if (/^(better-sqlite3|pg$)/.test(to)) return engineOf(from) === undefined
      // What is the same in every engine is only for the engines.
      if (to === 'kysely' || folderIn(to) === 'shared') return folderIn(from) === undefined
      const engine = isProject(to) ? engineOf(to) : undefined
      return engine !== undefined && engine !== engineOf(from) && !openers.includes(from)
    })
    expect(wrong).toEqual([])
    expect(imports.filter(({ to }) => engineOf(to) === 'sqlite').length).toBeGreaterThan(10)
    expect(imports.filter(({ to }) => folderIn(to) === 'shared').length).toBeGreaterThan(1)
  })

  test('domain and sessions touch neither Node nor packages', () => {
    const wrong = imports.filter(
      ({ from, to }) => ['domain', 'sessions'].includes(folderOf(from)) && !isProject(to),
    )
    expect(wrong).toEqual([])
  })

  test('the contract of the page needs Zod and the domain, the page itself nothing but the contract and rules that commands share with it', () => {
    const isWithin = (folder: string, to: string): boolean =>
      isProject(to) && to.startsWith(`${folder}/`)
    const wrong = imports.filter(
      ({ from, to }) =>
        (from.startsWith('api/contract/') &&
          to !== 'zod' &&
          !isWithin('api/contract', to) &&
          !isWithin('domain', to)) ||
        (from.startsWith('page/') &&
          (/^(node:|fastify|@fastify\/)/.test(to) ||
            (isProject(to) &&
              !isWithin('page', to) &&
              !isWithin('api/contract', to) &&
              !/^domain\/(?:(?:cost|figure|usd)-text|setup-steps)\.ts$/.test(to)))),
    )
    expect(wrong).toEqual([])
  })

  test('what reads stored data for the page is in a thread of its own', () => {
    const reached = new Set<string>()
    const visit = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      for (const { from, to } of imports) if (from === file && isProject(to)) visit(to)
    }
    visit('app/app.ts')
    expect(reached).toContain('reports/reader/reader-worker.ts')
    const reading = ['storage/sqlite/sqlite-reader.ts', 'reports/reports.ts', 'api/answers.ts']
    expect(reading.filter((file) => reached.has(file))).toEqual([])
  })

  test('no module imports itself by a detour', () => {
    const next = Map.groupBy(
      imports.filter((i) => isProject(i.to)),
      (i) => i.from,
    )
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (path.includes(file) || done.has(file)) return
      for (const { to } of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of next.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })
})

describe('the environment and the process', () => {
  const files = globSync('**/*.ts', { cwd: source })
  test.each([
    ['process.env', /\bprocess\.env\b/, ['app/run.ts', 'app/status-line.ts']],
    ['process.exit', /\bprocess\.(exit|exitCode)\b/, ['app/process.ts', 'app/run.ts', 'main.ts']],
  ])('only the process itself touches %s', (_, pattern, allowedHere) => {
    const touching = files.filter((file) => pattern.test(readFileSync(join(source, file), 'utf8')))
    expect(touching.toSorted()).toEqual(allowedHere)
  })

  test('only the terminal of the command line writes, and knows escape sequences', () => {
    const knowing = files.filter((file) =>
      /\bstyleText\b|\\u001b|\\x1b|\bprocess\.(stdout|stderr)\b/.test(
        readFileSync(join(source, file), 'utf8'),
      ),
    )
    expect(knowing.toSorted()).toEqual([
      'app/process.ts',
      'app/run.ts',
      'app/status-line.ts',
      'cli/terminal.ts',
      'domain/safe-text.ts',
      'main.ts',
    ])
  })

  test('only the exchange with servers, the ways to the bridge, the receiver and the page reach the network', () => {
    const reaching = files.filter((file) =>
      /\bfetch\(|node:(http|https|net|http2)'/.test(readFileSync(join(source, file), 'utf8')),
    )
    const allowedHere = (file: string) =>
      /^(http\/exchange|http\/grpc-channel|api\/bridge-client|api\/status-client|doctor\/bridge-probe|receivers\/|page\/ask)/.test(
        file,
      )
    expect(reaching.filter((file) => !allowedHere(file))).toEqual([])
  })
})
