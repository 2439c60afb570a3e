/** Strips the types of all of `src` for `load.mjs`, before any test runs. */
import { hash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

let folder: string | undefined

export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-stripped-'))
  for (const file of globSync(['src/**/*.ts', 'test/**/*-double.ts'], { cwd: root })) {
    const source = readFileSync(join(root, file), 'utf8')
    const name = `${hash('sha256', source, 'hex')}.mjs`
    writeFileSync(join(folder, name), stripTypeScriptTypes(source))
  }
  process.env.STRIPPED_TYPES = folder
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}
