/**
 * Prints one setting as the bridge will see it: `node scripts/setting.ts NAME [default]`, from the
 * environment and `.env` of the current folder. Passwords in URLs are hidden.
 */
import { withoutUrlPasswords } from '../src/domain/url-password.ts'
import { effectiveSettings } from './env-file.ts'

const [name = '', fallback = ''] = process.argv.slice(2)
console.log(withoutUrlPasswords(effectiveSettings('.env')[name] ?? fallback))
