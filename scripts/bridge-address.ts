/**
 * Prints the address clients on this machine reach the bridge at, from the environment and `.env`
 * of the current folder.
 */
import { effectiveSettings } from './env-file.ts'

/** Addresses that mean "all of them", and the one of those to call. */
const CALLABLE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

const { OTLP_RECEIVER_HOST: given = '127.0.0.1', OTLP_RECEIVER_PORT: port = '4318' } =
  effectiveSettings('.env')
const bare = given.replace(/^\[|\]$/g, '')
const host = CALLABLE[bare] ?? bare
console.log(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
