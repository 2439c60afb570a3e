/** What `npx claude-telemetry` needs of the package. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

const manifest = JSON.parse(read('package.json')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

test('the command is packed, and is a program of its own', () => {
  const main = manifest.bin['claude-telemetry'] ?? ''
  expect(manifest.files).toContain(main.split('/')[0])
  const source = main.replace(/^dist\/(.*)\.js$/, 'src/$1.ts')
  // Options for Node behind it would need `env -S`, which busybox does not have.
  expect(read(source)).toMatch(/^#!\/usr\/bin\/env node\n/)
})
