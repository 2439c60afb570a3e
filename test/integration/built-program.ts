/**
 * Tests run the built program, as users do: it also starts several times as quickly as its source.
 * It is built before the first of them, unless it is newer than all that it is made of.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export function setup(): void {
  const built = join(root, 'dist/main.js')
  if (existsSync(built) && statSync(built).mtimeMs > newestSourceMs()) return
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' })
}

function newestSourceMs(): number {
  const names = globSync(['src/**/*', 'scripts/*.ts', 'package-lock.json', 'vite.config.ts'], {
    cwd: root,
  })
  return Math.max(...names.map((name) => statSync(join(root, name)).mtimeMs))
}
