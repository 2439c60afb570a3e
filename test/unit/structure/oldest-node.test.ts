/** The oldest Node is named wherever one may be told before anything else of the project can be read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const { engines } = JSON.parse(read('package.json')) as { readonly engines: { node: string } }
const oldest = engines.node.replace('>=', '')

test.each([
  ['src/main.ts', `OLDEST_NODE = ${oldest}\n`],
  ['scripts/ensure-node.sh', `NODE_FLOOR=${oldest}\n`],
  ['scripts/require-node.ts', `OLDEST_NODE = ${oldest}\n`],
  ['claude-telemetry', `oldest_node=${oldest}\n`],
  ['README.md', `Node ${oldest} or newer`],
])('%s says the same as package.json', (file, line) => {
  expect(read(file)).toContain(line)
})

test('the entry point can be read by a Node that cannot read the rest', () => {
  const source = read('src/main.ts')
  expect(source).not.toMatch(/^\s*(import|export)\b[^(]/m)
  expect(source.replace(/\/\*.*?\*\//s, '')).not.toMatch(/\?\.|\?\?|\bawait\b|#\w|\bimport\.meta\b/)
})
