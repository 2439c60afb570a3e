/** The page as `npm run build` left it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const pageDir = join(import.meta.dirname, '../../dist/page')

/** Fails at once, and says what to do, where each test would wait for a page in vain. */
export function expectBuilt(): void {
  if (existsSync(join(pageDir, 'index.html'))) return
  throw new Error('the page is not built: run `npm run build` first')
}
