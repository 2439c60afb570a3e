/**
 * Makes `.env` in the current folder, or completes it. With --stack it gets the secrets and keys
 * of the Langfuse of docker-compose.yml: not without, since keys that lead nowhere would make a
 * bridge without Langfuse look like one whose Langfuse is down.
 */
import { addToEnvFile, effectiveSettings } from './env-file.ts'
import { newStackSettings } from './stack-settings.ts'

const ENV_FILE = '.env'

const { LANGFUSE_WEB_PORT: webPort = '3000' } = effectiveSettings(ENV_FILE)
if (!/^\d{1,5}$/.test(webPort)) {
  console.error(`LANGFUSE_WEB_PORT is ${JSON.stringify(webPort)}, expected the number of a port.`)
  process.exit(1)
}
const wanted = process.argv.includes('--stack') ? newStackSettings(webPort) : {}
const added = addToEnvFile(ENV_FILE, 'Langfuse on this machine (scripts/langfuse)', wanted)
if (added.length > 0) console.log(`Added to .env: ${added.join(', ')}`)
