/** Where programs on this machine find the bridge, from its own settings. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ReceiverConfig, TlsConfig } from '../config/config.ts'
import { authority, httpAddress, localName } from './http-address.ts'

/**
 * The address of a bridge that listens on `host`. One that listens on every address is found on
 * loopback; over TLS, under a name that its certificate has.
 */
export function localAddress(
  { host, tls }: Pick<ReceiverConfig, 'host' | 'tls'>,
  port: number,
): string {
  if (tls === undefined) return httpAddress(host, port)
  return `https://${authority(certifiedName(localName(host), tls))}:${port}`
}

/** Of IPv4 or IPv6. */
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$|:/

/** The name itself where the certificate has none that this machine could use, or cannot be read. */
function certifiedName(name: string, { certFile }: TlsConfig): string {
  const certificate = readCertificate(certFile)
  if (certificate === undefined) return name
  const isCertified = (each: string): boolean =>
    (ADDRESS.test(each) ? certificate.checkIP(each) : certificate.checkHost(each)) !== undefined
  const named = [...(certificate.subjectAltName ?? '').matchAll(/\bDNS:([^,\s"]+)/g)]
    .map(([, each = '']) => each)
    .filter((each) => !each.includes('*'))
  return [name, 'localhost', '127.0.0.1', '::1', ...named].find(isCertified) ?? name
}

/** The first certificate of a file; `undefined` where there is none to read. */
export function readCertificate(file: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readFileSync(file))
  } catch {
    return undefined
  }
}
