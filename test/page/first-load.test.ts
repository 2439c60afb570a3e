/** What a browser fetches before it shows anything: a quarter of a megabyte at most. */
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { pageDir } from './built-page.ts'

const MAX_BYTES = 250_000

test('the first load is small, and compressed already', () => {
  const files = globSync('assets/*.{js,css}.gz', { cwd: pageDir })
  expect(files.length).toBeGreaterThan(1)
  const gzipBytes = files
    .map((file) => statSync(join(pageDir, file)).size)
    .reduce((sum, bytes) => sum + bytes, gzipSync(readFileSync(join(pageDir, 'index.html'))).length)
  expect(gzipBytes).toBeLessThan(MAX_BYTES)
})

test('it names nothing outside itself', () => {
  const html = readFileSync(join(pageDir, 'index.html'), 'utf8')
  expect(html).not.toMatch(/https?:/)
  for (const file of globSync('assets/*.css.gz', { cwd: pageDir })) {
    const text = gunzipSync(readFileSync(join(pageDir, file))).toString('utf8')
    expect(text).not.toMatch(/https?:|@import/)
  }
})
