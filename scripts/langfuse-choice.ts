/**
 * Prints whose Langfuse the settings name: `own` when the user gave a key or an address, in the
 * environment or in `.env` of the current folder, else `stack`, the one of docker-compose.yml.
 */
import { effectiveSettings, readEnvFile } from './env-file.ts'

const NAMES = [
  'LANGFUSE_PUBLIC_KEY',
  'LANGFUSE_SECRET_KEY',
  'LANGFUSE_HOST',
  'LANGFUSE_BASE_URL',
] as const

const settings = effectiveSettings('.env')
const file = readEnvFile('.env')
const named = NAMES.filter((name) => settings[name] !== undefined)
/** Whether scripts/make-env.ts wrote all of them. */
const isStack =
  file.STACK_ENCRYPTION_KEY !== undefined &&
  /^http:\/\/(localhost|127\.0\.0\.1)(:|\/|$)/.test(settings.LANGFUSE_HOST ?? '') &&
  named.every((name) => settings[name] === file[name])
console.log(named.length === 0 || isStack ? 'stack' : 'own')
