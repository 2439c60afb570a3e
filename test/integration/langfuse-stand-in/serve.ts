/**
 * The stand-in as a program: `node serve.ts [port] [public key] [secret key]`.
 * `GET /__stand-in/state` gives everything it received; `POST /__stand-in/faults` with a JSON
 * array plans faults (fault.ts). SIGTERM and SIGINT end it.
 */
import { createLangfuseStandIn, STAND_IN_KEYS } from './stand-in.ts'

const [port = '0', publicKey = STAND_IN_KEYS.publicKey, secretKey = STAND_IN_KEYS.secretKey] =
  process.argv.slice(2)

const standIn = await createLangfuseStandIn({ port: Number(port), keys: { publicKey, secretKey } })
process.stdout.write(`Langfuse stand-in on ${standIn.url}, keys ${publicKey} ${secretKey}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void standIn.close())
}
