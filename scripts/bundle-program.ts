/**
 * Bundles the program, server and commands, into a few files: `main.js`, which an old Node can read,
 * and behind it `program/`. Packages are built in, except for `better-sqlite3` with its native part.
 */
import './require-node.ts'
import { globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, parseSync, type Plugin, type Rolldown } from 'vite'
import { bundledPackages } from './third-party-notices.ts'

const root = join(import.meta.dirname, '..')
const FOLDER = 'program'

/** The thread that answers questions shares most of its code with the commands. */
const PROGRAM = ['src/main.ts', 'src/reports/reader/reader-thread.ts']

/** Each is a file with all that it needs, and nothing else: a thread has a memory of its own. */
const SMALL_THREADS = [
  'src/storage/sqlite/checkpoint-thread.ts',
  'src/processors/redact/long-texts-thread.ts',
  'src/receivers/transcripts/reading-thread.ts',
]

/** What Claude Code runs for its status line. Without the loader of modules it starts sooner. */
const STATUS_LINE = 'src/app/status-line-entry.ts'

/**
 * Those that are a file each with all that they import, in this order: what is loaded first, and a
 * status line, which has some milliseconds.
 */
const QUICK = [
  { name: 'first', entry: 'src/app/process.ts' },
  { name: 'status-line-parts', entry: 'src/app/status-line.ts' },
] as const

/**
 * What the server and the commands share, by folder. Rolldown would make a file for each set of
 * commands that share something.
 */
const SHARED: readonly { readonly name: string; readonly test: RegExp }[] = [
  // Before `settings`, which is loaded at every start: only the SDK needs these parts of Zod.
  {
    name: 'mcp',
    test: /src\/mcp\/|node_modules\/(@modelcontextprotocol\/|zod\/v4\/mini\/)|left-out:(ajv|zod)/,
  },
  { name: 'storage', test: /src\/storage\/|node_modules\/kysely\// },
  { name: 'reports', test: /src\/reports\/|node_modules\/temporal-/ },
  { name: 'settings', test: /src\/config\/|node_modules\/(zod|dotenv)\// },
  { name: 'sessions', test: /src\/(domain|sessions|agents|otlp|processors|prices)\// },
  { name: 'clients', test: /src\/(http|exporters|api)\// },
]

/**
 * Fastify loads the first two for routes with a schema; none here has one
 * (`receivers/http/server-options.ts`). The others are what the SDK of MCP checks answers of clients and
 * schemas of Zod 3 with (`mcp/server.ts`).
 */
const NOT_NEEDED =
  /^(@fastify\/(ajv-compiler|fast-json-stringify-compiler)|ajv|ajv-formats|zod\/v3|zod-to-json-schema)$/

const withoutValidators: Plugin = {
  name: 'without-validators',
  enforce: 'pre',
  resolveId: (id) => (NOT_NEEDED.test(id) ? `\0left-out:${id}` : undefined),
  load(id) {
    if (!id.startsWith('\0left-out:')) return
    const name = id.slice('\0left-out:'.length)
    return `module.exports = () => { throw new Error('${name} is not part of this build') }`
  },
}

const LATE_REQUIRE = /createRequire\(import\.meta\.url\)\('([^']+)'\)/g

/** A package that a module requires when it needs it becomes a file of its own. */
const lateRequires: Plugin = {
  name: 'late-requires',
  enforce: 'pre',
  transform(code, id) {
    if (id.includes('/node_modules/')) return
    return code.replaceAll(LATE_REQUIRE, (_, name: string) => {
      const file = `${name.replace('@', '').replaceAll('/', '-')}.js`
      this.emitFile({ type: 'chunk', id: name, importer: id, fileName: `${FOLDER}/${file}` })
      return `createRequire(import.meta.url)('./${file}')`
    })
  },
}

const BUILTIN_IMPORT = /^import (?:([\w$]+)(?:, | ))?(?:\{ ([^}]*) \} )?from "(node:[^"]+)";$/gm

/**
 * An import of a module of Node reads all that it exports, also what it loads when it is read:
 * `node:http` has `WebSocket`, and with it a client of 10 MB. Only what is named is read here.
 */
const onlyWhatIsNamed: Plugin = {
  name: 'only-what-is-named',
  renderChunk: (code) =>
    code.replaceAll(BUILTIN_IMPORT, (_, whole?: string, names?: string, module = '') => {
      // A package may name `process` itself by such an import.
      const loaded = `globalThis.process.getBuiltinModule("${module}")`
      const properties = names?.replaceAll(' as ', ': ')
      return [
        ...(whole === undefined ? [] : [`const ${whole} = ${loaded};`]),
        ...(properties === undefined ? [] : [`const { ${properties} } = ${loaded};`]),
      ].join(' ')
    }),
}

/**
 * V8 keeps the text of a module; one character beyond Latin-1 in it makes each take two bytes. An escape
 * means the same in strings, in regular expressions, and in `String.raw`, which is for these alone.
 */
const latin1: Plugin = {
  name: 'latin1',
  // Last: what prints the code anew would write the characters.
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue
      const [escaped] = /\\[^\0-\xff]/.exec(chunk.code) ?? []
      if (escaped !== undefined) this.error(`${escaped} cannot be written in Latin-1`)
      chunk.code = chunk.code.replaceAll(/[^\0-\xff]/g, escapeOf)
    }
  },
}

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * Begins a line with each statement, member of a class and value of a long literal: Node prints the line
 * of an error that nobody caught, and a stack trace counts lines. What minifies writes none. Before each
 * stands a `;`, a brace or a comma, so a line break there changes nothing.
 */
const lines: Plugin = {
  name: 'lines',
  // Last, since nothing prints the code anew behind it.
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue
      const { code } = chunk
      const starts = statementStarts(parseSync(chunk.fileName, code).program).toSorted(
        (a, b) => a - b,
      )
      const parts = starts.map((start, index) => code.slice(start, starts[index + 1]))
      chunk.code = [code.slice(0, starts[0]), ...parts].join('\n')
    }
  },
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Longer lists of values have a line for each, in characters. */
const LONG_LITERAL = 2000

/** Offsets of statements, members of classes, and values of long literals, at any depth. */
function statementStarts(tree: object): readonly number[] {
  const starts: number[] = []
  const pending: object[] = [tree]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { start, end } = node as Place
    for (const [name, value] of Object.entries(node) as [string, unknown][]) {
      if (typeof value !== 'object' || value === null) continue
      const isLine =
        name === 'body' || (/^(?:properties|elements)$/.test(name) && end - start > LONG_LITERAL)
      // A hole of an array is null.
      const listed = (isLine && Array.isArray(value) ? value : []) as readonly (Place | null)[]
      for (const each of listed) if (each !== null) starts.push(each.start)
      pending.push(value)
    }
  }
  return starts
}

/** Fails where a package is built in that the bill of materials and the notices do not name. */
const known: Plugin = {
  name: 'known-packages',
  generateBundle(_, bundle) {
    const names = new Set([...bundledPackages().values()].map(({ name }) => name))
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.type === 'chunk' ? chunk.moduleIds : []) {
        const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? []
        if (name !== undefined && !names.has(name)) this.error(`${name} is built in, but not told`)
      }
    }
  },
}

/** Whether a module is among what an entry imports; Rolldown asks for each module. */
function isLoadedBy(entry: string, id: string, context: Rolldown.ChunkingContext): boolean {
  const pending = [join(root, entry)]
  const found = new Set(pending)
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    for (const imported of context.getModuleInfo(each)?.importedIds ?? []) {
      if (!found.has(imported)) pending.push(imported)
      found.add(imported)
    }
  }
  return id !== join(root, entry) && found.has(id)
}

/** Resolves to the files that it wrote, as paths in the folder. */
async function bundle(
  folder: string,
  entries: readonly string[],
  codeSplitting: boolean | Rolldown.CodeSplittingOptions,
  format: 'esm' | 'cjs' = 'esm',
): Promise<readonly string[]> {
  const built = await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['better-sqlite3'] },
    plugins: [withoutValidators, lateRequires, onlyWhatIsNamed, latin1, lines, known],
    build: {
      ssr: true,
      target: 'node24',
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: {
        input: entries.map((entry) => join(root, entry)),
        // A dynamic import may also be one of what is loaded already. How long the build took on a busy
        // machine is nothing for who starts the bridge.
        checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
        output: {
          format,
          comments: false,
          // Functions and classes keep their names, so that a stack trace can be read.
          minify: {
            compress: true,
            mangle: { keepNames: true, toplevel: true },
            codegen: { removeWhitespace: true },
          },
          entryFileNames: ({ name }) => {
            if (name === 'main') return 'main.js'
            return `${FOLDER}/${name}.${format === 'cjs' ? 'cjs' : 'js'}`
          },
          chunkFileNames: `${FOLDER}/[name].js`,
          codeSplitting,
        },
      },
    },
  })
  return [built]
    .flat()
    .flatMap((each) => ('output' in each ? each.output : []))
    .map(({ fileName }) => fileName)
}

/** Takes away what an earlier build left, once the new one is whole. */
export async function bundleProgram(folder: string): Promise<void> {
  const before = globSync(`${FOLDER}/*`, { cwd: folder })
  const written = await bundle(folder, PROGRAM, {
    includeDependenciesRecursively: false,
    minShareCount: 2,
    groups: [
      ...QUICK.map(({ name, entry }, index) => ({
        name: (id: string, context: Rolldown.ChunkingContext) =>
          isLoadedBy(entry, id, context) ? name : null,
        debugName: name,
        priority: QUICK.length - index,
      })),
      ...SHARED,
    ],
  })
  const others: string[] = []
  for (const thread of SMALL_THREADS) others.push(...(await bundle(folder, [thread], false)))
  others.push(...(await bundle(folder, [STATUS_LINE], false, 'cjs')))
  for (const file of before) {
    if (![...written, ...others].includes(file)) rmSync(join(folder, file))
  }
}
