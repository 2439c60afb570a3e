/** The files that a session's tools wrote to: each with how often, and none of what only read or failed. */
import { expect, test } from 'vitest'
import { createChangedFiles } from '../../../src/reports/changed-files.ts'
import { reduce } from '../../../src/sessions/reduce.ts'
import { arrives, fresh, policy, result } from '../sessions/events.ts'

let seconds = 0
function used(tool: string, input: object, success = true) {
  seconds += 1
  const event = result(seconds, `t${seconds}`, { tool, success, input: JSON.stringify(input) })
  return reduce(fresh(), [arrives(event)], policy).emissions
}

test('of edits, writes and notebooks that succeeded', () => {
  const files = createChangedFiles()
  files.add(used('Edit', { file_path: '/r/b.ts', old_string: 'a', new_string: 'b' }))
  files.add(used('Write', { file_path: '/r/a.md', content: 'x'.repeat(30_000) }))
  files.add(used('MultiEdit', { file_path: '/r/b.ts', edits: [] }))
  files.add(used('NotebookEdit', { notebook_path: '/r/n.ipynb', new_source: '1' }))
  files.add(used('Edit', { file_path: '/r/no.ts', old_string: 'a', new_string: 'b' }, false))
  files.add(used('Read', { file_path: '/r/read.ts' }))
  const fork = files.fork()
  fork.add(used('Write', { file_path: '/r/later' }))
  const told = [
    { path: '/r/b.ts', times: 2 },
    { path: '/r/a.md', times: 1 },
    { path: '/r/n.ipynb', times: 1 },
  ]
  expect(files.result()).toEqual({ files: told, omittedFiles: 0 })
  expect(fork.result().files).toEqual([...told, { path: '/r/later', times: 1 }])
})

test('at most 500, and how many writes beyond them', () => {
  const files = createChangedFiles((text) => text.replaceAll('secret', '***'))
  for (let n = 0; n < 503; n += 1) files.add(used('Write', { file_path: `/r/secret${n}` }))
  files.add(used('Write', { file_path: '/r/secret0' }))
  const told = files.result()
  expect([told.files.length, told.omittedFiles]).toEqual([500, 3])
  expect(told.files[0]).toEqual({ path: '/r/***0', times: 2 })
})
