/** The product's own version, from its package.json beside `src` and `dist` alike. */
import { readFileSync } from 'node:fs'

const packageJson: unknown = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

export const PRODUCT_VERSION: string =
  typeof packageJson === 'object' && packageJson !== null && 'version' in packageJson
    ? String(packageJson.version)
    : '0.0.0'
