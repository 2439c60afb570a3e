/** The bridge over TLS: both servers, a certificate that changes, clients with certificates, commands. */
import { writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { Client, credentials } from '@grpc/grpc-js'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createHome } from '../cli/home.ts'
import { createPatient, runBridge } from '../cli/patient.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { startedProcess } from '../corpus/bridge-process.ts'
import { eventually, recording } from '../corpus/recording.ts'
import { servicePaths } from '../grpc/grpc-client.ts'
import { createAuthority, issue, type Pem, writePem } from './certificates.ts'

const API_KEY = 'a-key-of-sixteen-characters'
/** What a client without the right certificate sees, as the server is faster or slower. */
const REFUSED = /certificate|alert|ECONNRESET|EPIPE|hang up|disconnected/i
let authority: Pem
let certificate: Pem
beforeAll(async () => {
  authority = await createAuthority()
  certificate = await issue(authority)
})

function folderFor(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

async function started(settings: Record<string, string> = {}) {
  const dataDir = folderFor()
  const files = writePem(folderFor(), certificate)
  const bridge = await startBridge({
    ...bridgeEnvironment(dataDir),
    OTLP_GRPC_PORT: '0',
    ...files,
    ...settings,
  })
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  onTestFinished(stop)
  return { ...bridge, stop, files }
}

interface Answered {
  readonly status: number
  readonly text: string
}

/** Over TLS, trusting the authority of this test; rejects with the error of the connection. */
function ask(
  url: string,
  { body, ...options }: RequestOptions & { body?: Buffer | string } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca: authority.cert, agent: false, ...options }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      )
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The serial number of the certificate that a server shows. */
async function serialAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connectTls({ host: hostname, port: Number(port), ca: authority.cert })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

function exportOverGrpc(address: string, client?: Pem): Promise<number> {
  const root = Buffer.from(authority.cert)
  const secure = client
    ? credentials.createSsl(root, Buffer.from(client.key), Buffer.from(client.cert))
    : credentials.createSsl(root)
  const channel = new Client(address, secure, { 'grpc.enable_retries': 0 })
  onTestFinished(() => channel.close())
  const asIs = (bytes: Buffer) => bytes
  return new Promise((resolve) => {
    channel.makeUnaryRequest(servicePaths.logs, asIs, asIs, Buffer.alloc(0), (error) => {
      resolve(error === null ? 0 : error.code)
    })
  })
}

describe('with a certificate', () => {
  test('HTTP and gRPC take telemetry over TLS, and nothing without it', async () => {
    const bridge = await started()
    expect(bridge.url).toMatch(/^https:\/\/127\.0\.0\.1:/)
    for (const { path, headers, body } of recording('plain').requests) {
      expect(await ask(`${bridge.url}${path}`, { method: 'POST', headers, body })).toMatchObject({
        status: 200,
      })
    }
    expect(JSON.parse((await ask(`${bridge.url}/health`)).text)).toMatchObject({ sessions: 1 })
    expect((await ask(`${bridge.url}/metrics`)).text).toContain('claude_telemetry_records_total')
    const setup = JSON.parse((await ask(`${bridge.url}/api/setup`)).text) as { baseUrl?: string }
    expect(JSON.stringify(setup)).toContain(bridge.url)
    expect(await exportOverGrpc(bridge.grpc ?? '')).toBe(0)
    await expect(fetch(`${bridge.url}/health`)).rejects.toThrow('fetch failed')
    const plain = new Promise((resolve, reject) => {
      plainRequest(bridge.url.replace('https', 'http'), resolve).on('error', reject).end()
    })
    await expect(plain).rejects.toThrow(/hang up|ECONNRESET/)
  })

  test('a client that says nothing holds up neither others nor the stop', async () => {
    const { url, grpc, stop } = await started()
    const ports = [Number(new URL(url).port), Number(grpc?.split(':').at(-1))]
    for (const port of ports) {
      const silent = connectTcp({ host: '127.0.0.1', port })
      silent.on('error', () => undefined)
      await once(silent, 'connect')
      onTestFinished(() => void silent.destroy())
    }
    expect((await ask(`${url}/health/live`)).status).toBe(200)
    await stop()
    await expect(ask(`${url}/health/live`)).rejects.toThrow('ECONNREFUSED')
  })

  test('what is in its files is checked at the start', async () => {
    const folder = folderFor()
    const files = writePem(folder, { cert: certificate.cert, key: (await issue(authority)).key })
    const environment = { ...bridgeEnvironment(folder), ...files }
    await expect(startBridge(environment)).rejects.toThrow(
      /TLS_CERT_FILE .* cannot be used together \(.*key values mismatch/,
    )
    await expect(startBridge({ ...environment, TLS_KEY_FILE: '/nowhere/key.pem' })).rejects.toThrow(
      'TLS_KEY_FILE /nowhere/key.pem cannot be read (ENOENT)',
    )
    const empty = join(folder, 'empty.pem')
    writeFileSync(empty, '')
    const sound = { ...bridgeEnvironment(folder), ...writePem(folder, certificate) }
    await expect(startBridge({ ...sound, TLS_CERT_FILE: empty })).rejects.toThrow(
      /^TLS_CERT_FILE .*empty\.pem .* cannot be used/m,
    )
    await expect(startBridge({ ...sound, TLS_CLIENT_CA_FILE: empty })).rejects.toThrow(
      /^TLS_CLIENT_CA_FILE .*empty\.pem is no certificate/m,
    )
  })
})

describe('a new certificate', () => {
  test('is served by every server once it is read, and a broken one is not', async () => {
    const { url, grpc, metrics, app, files } = await started({ METRICS_PORT: '0' })
    const urls = [url, `https://${grpc}`, metrics ?? '']
    const serials = () => Promise.all(urls.map(serialAt))
    const before = await serials()
    expect(new Set(before).size).toBe(1)
    // A renewal that writes in place leaves it empty for a moment.
    for (const broken of ['', '\n', 'no certificate', certificate.cert.slice(0, 200)]) {
      writeFileSync(files.TLS_CERT_FILE ?? '', broken)
      await app.reload()
      expect(await serials()).toEqual(before)
    }
    const next = await issue(authority)
    writeFileSync(files.TLS_CERT_FILE ?? '', next.cert)
    // The key of the other one: both are not written at one moment.
    await app.reload()
    expect(await serials()).toEqual(before)
    writeFileSync(files.TLS_KEY_FILE ?? '', next.key)
    await app.reload()
    const after = await serials()
    expect(new Set(after).size).toBe(1)
    expect(after).not.toEqual(before)
  })

  test('is read on SIGHUP, which ends nothing', async () => {
    const folder = folderFor()
    const files = writePem(folder, certificate)
    const bridge = await startedProcess({ ...bridgeEnvironment(folder), ...files })
    onTestFinished(() => void bridge.child.kill('SIGKILL'))
    const before = await serialAt(bridge.url)
    writePem(folder, await issue(authority))
    bridge.kill('SIGHUP')
    await eventually('the new certificate', async () => (await serialAt(bridge.url)) !== before)
    expect(bridge.log()).toContain('reloaded the TLS certificate')
    bridge.kill('SIGTERM')
    expect(await bridge.ended()).toBe(0)
  })
})

describe('with an authority for clients', () => {
  test('only clients of it connect, but for probes and scrapes on METRICS_PORT', async () => {
    const clients = await createAuthority('Authority of clients')
    const TLS_CLIENT_CA_FILE = join(folderFor(), 'clients.pem')
    writeFileSync(TLS_CLIENT_CA_FILE, clients.cert)
    const { url, grpc, metrics } = await started({
      TLS_CLIENT_CA_FILE,
      METRICS_PORT: '0',
      API_KEY,
    })
    const headers = { authorization: `Bearer ${API_KEY}` }
    const own = await issue(clients, { usage: 'clientAuth' })
    const foreign = await issue(authority, { usage: 'clientAuth' })
    expect((await ask(`${url}/health`, { headers, ...own })).status).toBe(200)
    // A certificate does not replace the key.
    expect((await ask(`${url}/metrics`, own)).status).toBe(404)
    expect((await ask(`${url}/v1/logs`, { method: 'POST', ...own })).status).toBe(401)
    await expect(ask(`${url}/health`, { headers })).rejects.toThrow(REFUSED)
    await expect(ask(`${url}/health`, { headers, ...foreign })).rejects.toThrow(REFUSED)
    expect(await exportOverGrpc(grpc ?? '', own)).toBe(16)
    expect(await exportOverGrpc(grpc ?? '')).toBe(14)
    expect((await ask(`${metrics}/health/ready`)).status).toBe(200)
    expect((await ask(`${metrics}/metrics`)).status).toBe(401)
    expect((await ask(`${metrics}/metrics`, { headers })).status).toBe(200)
  })
})

describe('commands and the doctor', () => {
  async function running(wanted: Parameters<typeof issue>[1] = {}) {
    const folder = folderFor()
    const made = wanted.validDays === undefined ? certificate : await issue(authority, wanted)
    const bridge = await runBridge(folder, undefined, writePem(folder, made))
    onTestFinished(() => bridge.stop())
    const NODE_EXTRA_CA_CERTS = join(folder, 'authority.pem')
    writeFileSync(NODE_EXTRA_CA_CERTS, authority.cert)
    return { bridge, NODE_EXTRA_CA_CERTS }
  }

  test('reach it by its https address, with the authority from NODE_EXTRA_CA_CERTS', async () => {
    const { bridge, NODE_EXTRA_CA_CERTS } = await running()
    const home = createHome()
    const status = await home.start(['status', '--json'], {
      ...bridge.variables,
      NODE_EXTRA_CA_CERTS,
    })
    expect([status.code, status.stderr]).toEqual([0, ''])
    expect(status.stdout).toContain(`https://127.0.0.1:${bridge.port}`)
    const dropped = await home.start(['outbox', 'drop', '--all'], {
      ...bridge.variables,
      NODE_EXTRA_CA_CERTS,
    })
    expect(dropped).toMatchObject({ code: 0, stderr: '' })
  })

  test('the doctor finds it well', async () => {
    const { bridge, NODE_EXTRA_CA_CERTS } = await running()
    const patient = createPatient(bridge)
    patient.variables.NODE_EXTRA_CA_CERTS = NODE_EXTRA_CA_CERTS
    const { findings } = await patient.diagnose('--no-record')
    const found = (id: string) => findings.find((finding) => finding.id === id)
    expect(found('bridge.running')).toMatchObject({
      status: 'ok',
      what: `the bridge answers at https://127.0.0.1:${bridge.port}`,
    })
    expect(found('bridge.tls')).toMatchObject({ status: 'ok' })
    expect(
      findings.filter(({ id, status }) => id.startsWith('signal') && status === 'fail'),
    ).toEqual([])
  })

  test('the doctor says that the certificate is not trusted, and what to do', async () => {
    const { bridge } = await running()
    const { findings } = await createPatient(bridge).diagnose('--no-record')
    expect(findings.find(({ id }) => id === 'bridge.tls')).toMatchObject({
      status: 'fail',
      what: expect.stringContaining('is not trusted here') as string,
      todo: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
    })
  })

  test('the doctor says that the certificate ends soon', async () => {
    const { bridge, NODE_EXTRA_CA_CERTS } = await running({ validDays: 5 })
    const patient = createPatient(bridge)
    patient.variables.NODE_EXTRA_CA_CERTS = NODE_EXTRA_CA_CERTS
    const { findings } = await patient.diagnose('--no-record')
    expect(findings.find(({ id }) => id === 'bridge.tls')).toMatchObject({ status: 'warn' })
  })

  test('the doctor sees that plain HTTP is sent to it', async () => {
    const { bridge, NODE_EXTRA_CA_CERTS } = await running()
    const patient = createPatient(bridge)
    patient.variables.NODE_EXTRA_CA_CERTS = NODE_EXTRA_CA_CERTS
    patient.set({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${bridge.port}` })
    const { findings } = await patient.diagnose('--no-record')
    expect(findings.find(({ id }) => id === 'bridge.running')).toMatchObject({
      status: 'fail',
      todo: expect.stringContaining(
        `The bridge runs at https://127.0.0.1:${bridge.port}`,
      ) as string,
    })
  })
})
