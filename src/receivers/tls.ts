/**
 * TLS of the bridge's own servers: the certificate from its files, and again from them when they
 * change or somebody asks for it. A new certificate that is not sound leaves the old one in place.
 */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import {
  createSecureContext,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
} from 'node:tls'
import type { TlsConfig } from '../config/config.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Log } from '../observability/logger.ts'
import type { Connections, TrackedConnection } from './http/connections.ts'

/** How often the files are looked at. */
const CHECK_EVERY_MS = 60_000
/** A client that opens a connection and says nothing is not waited for longer. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export interface ServerTls {
  /** For making a server that agents send to: it asks for a client certificate where a CA is set. */
  readonly options: TlsOptions
  /** For one that they do not: probes and scrapers have no certificate of their own. */
  readonly optionsWithoutClients: TlsOptions
  /** Gives a server each certificate from now on. */
  keepCurrent(server: Server): void
  /** Reads the files now. */
  reload(): Promise<void>
  stop(): void
}

interface TlsDeps {
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'error'>
}

/** The certificate as it is now; the error is a sentence for a person. */
export async function openTls(
  config: TlsConfig,
  { clock, log }: TlsDeps,
): Promise<Result<ServerTls, string>> {
  const first = await readContext(config)
  if (!first.ok) return first
  const servers = new Set<Server>()
  let current = first.value
  let failure: string | undefined
  let timer: Timer | undefined
  let isStopped = false

  async function reload(): Promise<void> {
    const read = await readContext(config)
    if (isStopped) return
    if (!read.ok) {
      if (read.error !== failure) log.error({}, `the TLS certificate stays as it is: ${read.error}`)
      failure = read.error
      return
    }
    failure = undefined
    if (isSame(read.value, current)) return
    current = read.value
    for (const server of servers) server.setSecureContext(current)
    log.info(certificateFacts(current), 'reloaded the TLS certificate')
  }

  function watch(): void {
    timer = clock.setTimer(() => {
      void reload().finally(() => {
        if (!isStopped) watch()
      })
    }, CHECK_EVERY_MS)
  }

  watch()
  log.info(certificateFacts(current), 'TLS is on')
  const common = { handshakeTimeout: HANDSHAKE_TIMEOUT_MS }
  const asksClients = config.clientCaFile !== undefined
  return ok({
    options: { ...current, ...common, requestCert: asksClients, rejectUnauthorized: asksClients },
    optionsWithoutClients: { ...current, ...common },
    keepCurrent: (server) => {
      server.setSecureContext(current)
      servers.add(server)
      server.once('close', () => servers.delete(server))
    },
    reload,
    stop: () => {
      isStopped = true
      timer?.cancel()
    },
  })
}

type Context = Required<Pick<SecureContextOptions, 'cert' | 'key'>> &
  Pick<SecureContextOptions, 'ca'>

async function readContext(config: TlsConfig): Promise<Result<Context, string>> {
  const { certFile, keyFile, clientCaFile } = config
  const cert = await readPem('TLS_CERT_FILE', certFile)
  if (!cert.ok) return cert
  const key = await readPem('TLS_KEY_FILE', keyFile)
  if (!key.ok) return key
  const ca =
    clientCaFile === undefined ? ok(undefined) : await readPem('TLS_CLIENT_CA_FILE', clientCaFile)
  if (!ca.ok) return ca
  const context = {
    cert: cert.value,
    key: key.value,
    ...(ca.value !== undefined && { ca: ca.value }),
  }
  const authority = ca.value
  if (clientCaFile !== undefined && authority !== undefined) {
    const problem = problemOf(() => new X509Certificate(authority))
    if (problem !== undefined) {
      return err(`TLS_CLIENT_CA_FILE ${clientCaFile} is no certificate as PEM (${problem}).`)
    }
  }
  const reason = problemOf(() => {
    createSecureContext(context)
    // OpenSSL takes a file without any certificate.
    certificateFacts(context)
  })
  if (reason !== undefined) {
    return err(
      `TLS_CERT_FILE ${certFile} and TLS_KEY_FILE ${keyFile} cannot be used together (${reason}). ` +
        'Expected a certificate with its chain and its private key, both as PEM and without a passphrase.',
    )
  }
  return ok(context)
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function readPem(setting: string, path: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(path, 'utf8'))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    return err(`${setting} ${path} cannot be read (${String(code)}).`)
  }
}

function isSame(one: Context, other: Context): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca
}

function certificateFacts({ cert }: Context): object {
  const { validTo, subjectAltName } = new X509Certificate(String(cert))
  return { validTo: new Date(validTo).toISOString(), names: subjectAltName }
}

/**
 * Counts a connection while its handshake lasts; what comes after it is tracked by its server.
 * Returns what ends those that are in the middle of one.
 */
export function trackHandshakes(server: Server, connections: Connections): () => void {
  const open = new Map<string, { readonly socket: Socket; readonly tracked: TrackedConnection }>()
  const end = (peer: string): void => {
    open.get(peer)?.tracked.closed()
    open.delete(peer)
  }
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    const tracked = connections.track({
      bytesRead: () => socket.bytesRead,
      isBusy: () => false,
      destroy: () => socket.destroy(),
    })
    open.set(peer, { socket, tracked })
    socket.once('close', () => end(peer))
  })
  server.prependListener('secureConnection', (socket) => end(peerOf(socket)))
  return () => {
    for (const { socket } of open.values()) socket.destroy()
  }
}

/** Node does not tell which socket a secured one stands on. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
