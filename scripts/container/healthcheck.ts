/**
 * The image's health check: whether the bridge of this container answers. Exit code 0 or 1. METRICS_PORT
 * goes first: it asks for no client certificate.
 */
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'

const TIMEOUT_MS = 4000

/** A setting; `undefined` when it is not set, or empty. */
function setting(name: string): string | undefined {
  const value = process.env[name]
  return value === '' ? undefined : value
}

const port = setting('METRICS_PORT') ?? setting('OTLP_RECEIVER_PORT') ?? '4318'
const given = (setting('OTLP_RECEIVER_HOST') ?? '127.0.0.1').replace(/^\[|\]$/g, '')
const host = given === '0.0.0.0' ? '127.0.0.1' : given === '::' ? '::1' : given
const request = setting('TLS_CERT_FILE') === undefined ? plain : secure
// It is our own certificate, asked under a name that it does not have.
const options = { host, port, path: '/health/live', timeout: TIMEOUT_MS, rejectUnauthorized: false }

const asked = request(options, (answer) => {
  answer.resume()
  process.exitCode = answer.statusCode === 200 ? 0 : 1
})
asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
asked.on('error', ({ message }) => {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
})
asked.end()
