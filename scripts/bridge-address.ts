/** Prints the address clients on this machine reach the bridge at. */
import { bridgeHost, effectiveSettings } from './env-file.ts'

const settings = effectiveSettings('.env')
const port = settings.OTLP_RECEIVER_PORT ?? '4318'
const isTls = (settings.TLS_CERT_FILE ?? '') !== ''
console.log(isTls ? `https://localhost:${port}` : `http://${bridgeHost(settings).shown}:${port}`)
