/** Prints the address clients on this machine reach the bridge at. */
import { bridgeHost, effectiveSettings } from './env-file.ts'

const settings = effectiveSettings('.env')
console.log(`http://${bridgeHost(settings).shown}:${settings.OTLP_RECEIVER_PORT ?? '4318'}`)
