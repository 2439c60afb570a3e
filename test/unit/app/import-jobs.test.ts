import { expect, test } from 'vitest'
import { createImportJobs } from '../../../src/app/import-jobs.ts'

const body = {
  paths: ['/home/dev/.claude'],
  content: 'keep',
  isExported: false,
  isDryRun: false,
  again: false,
} as const

test('reads no path that another machine may have named', () => {
  const importer = { run: () => Promise.reject(new Error('it was read')) }
  const jobs = createImportJobs(importer, false)
  const id = jobs.start({ ...body, paths: [...body.paths] })
  expect(jobs.state(id)).toMatchObject({ state: 'failed', counts: null })
  expect(jobs.state(id)?.error).toMatch(/other machines can reach/)
})
