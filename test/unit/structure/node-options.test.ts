/** The bridge is started in many ways, always with the same options of Node. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NODE_OPTIONS } from '../../../src/setup/service-unit.ts'

const root = join(import.meta.dirname, '../../..')
const options = NODE_OPTIONS.join(' ')

test.each([
  ['package.json', `"node ${options} dist/main.js"`],
  ['src/main.ts', `#!/usr/bin/env -S node ${options}\n`],
  ['scripts/bridge-process.sh', `node_options=(${options})\n`],
])('%s starts it with the options of the service', (file, line) => {
  expect(readFileSync(join(root, file), 'utf8')).toContain(line)
})
