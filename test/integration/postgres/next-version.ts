/**
 * The program as a next version may be, in a folder of its own: this one with a migration more, and with
 * newer versions of what it stores of sessions and for exporters.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'

const project = resolve(import.meta.dirname, '../../..')

export const NEXT_MIGRATION = '9999-next'

/** Adds to tables that every commit writes; two of them are locked in another order than commits do. */
const ADDING = [
  'alter table record_batches add column checked boolean not null default false',
  "alter table sessions add column mood text not null default 'fine'",
  'alter table outbox add column lane integer',
  'create table moods (mood text primary key)',
  'create index sessions_mood on sessions (mood)',
  "update sessions set mood = 'old'",
]
/** What no program of before can work with. */
const BREAKING = ['alter table sessions rename column title to heading']

/** Its folder, until the test is over. */
export function makeNextVersion({ isBreaking = false } = {}): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  mkdirSync(join(folder, 'dist'))
  cpSync(join(project, 'src'), join(folder, 'src'), { recursive: true })
  for (const name of ['package.json', 'node_modules']) {
    symlinkSync(join(project, name), join(folder, name))
  }
  const migrations = join(folder, 'src/storage/postgres/migrations')
  writeFileSync(join(migrations, `${NEXT_MIGRATION}.ts`), migration(isBreaking ? BREAKING : ADDING))
  change(join(migrations, 'migrations.ts'), [
    ['import type', `import { next } from './${NEXT_MIGRATION}.ts'\nimport type`],
    [/(Record<string, Migration>> = \{)([^}]*)\}/, `$1$2  '${NEXT_MIGRATION}': next,\n}`],
    ...(isBreaking ? [[/(breaking[^=]*= \[)/, `$1'${NEXT_MIGRATION}', `] as const] : []),
  ])
  change(join(folder, 'src/storage/emission-text.ts'), [
    [/(EMISSION_VERSION = )(\d+)/, (_, before, version) => `${before}${Number(version) + 1}`],
  ])
  const version = /STATE_VERSION = (\d+)/.exec(readFileSync(state(folder), 'utf8'))?.[1] ?? ''
  change(state(folder), [[`STATE_VERSION = ${version}`, `STATE_VERSION = ${Number(version) + 1}`]])
  change(join(folder, 'src/sessions/stored-state.ts'), [
    [/(const upgrades[^{]*\{)/, `$1 ${version}: (same) => same,`],
  ])
  return folder
}

const state = (folder: string) => join(folder, 'src/sessions/state.ts')

function migration(statements: readonly string[]): string {
  return `import { type Kysely, sql } from 'kysely'
export const next = {
  async up(db: Kysely<unknown>) {
    for (const text of ${JSON.stringify(statements)}) await sql.raw(text).execute(db)
  },
}
`
}

type Change = readonly [
  what: string | RegExp,
  by: string | ((match: string, ...groups: string[]) => string),
]

/** Each of the changes has to change something: what it looks for may be called differently by now. */
function change(file: string, changes: readonly Change[]): void {
  let text = readFileSync(file, 'utf8')
  for (const [what, by] of changes) {
    const before = text
    text = typeof by === 'string' ? text.replace(what, by) : text.replace(what, by)
    if (text === before) throw new Error(`${file} has no ${String(what)}`)
  }
  writeFileSync(file, text)
}
