/** What the package that this program lies in says: its version, and whether it is a clone. */
import { readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Beside `src` and `dist` alike. */
const packageDir = fileURLToPath(new URL('../..', import.meta.url))

const packageJson: unknown = JSON.parse(readFileSync(`${packageDir}package.json`, 'utf8'))

export const PRODUCT_VERSION: string =
  typeof packageJson === 'object' && packageJson !== null && 'version' in packageJson
    ? String(packageJson.version)
    : '0.0.0'

/** The folder of the clone; `undefined` when a package manager has installed the program. */
export const CLONE_DIR: string | undefined = packageDir.split(sep).includes('node_modules')
  ? undefined
  : packageDir.slice(0, -1)
