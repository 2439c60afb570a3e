/**
 * Prints one setting as the bridge will see it: `node scripts/setting.ts NAME [default]`, from the
 * environment and `.env` of the current folder.
 */
import { effectiveSettings } from './env-file.ts'

const [name = '', fallback = ''] = process.argv.slice(2)
console.log(effectiveSettings('.env')[name] ?? fallback)
