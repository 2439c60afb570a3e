/** Certificates made for a test: an authority, servers and clients of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Pem {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000
const common = { keyType: 'ec', algorithm: 'sha256' } as const

export async function createAuthority(name = 'Authority of a test'): Promise<Pem> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true },
    ],
  })
  return { cert: made.cert, key: made.private }
}

export interface Wanted {
  /** DNS names; 127.0.0.1 is always there. */
  readonly names?: readonly string[]
  readonly usage?: 'serverAuth' | 'clientAuth'
  readonly validDays?: number
}

export async function issue(authority: Pem, wanted: Wanted = {}): Promise<Pem> {
  const { names = ['localhost'], usage = 'serverAuth', validDays = 365 } = wanted
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'nobody' }], {
    ...common,
    notBeforeDate: new Date(Date.now() - 400 * DAY_MS),
    notAfterDate: new Date(Date.now() + validDays * DAY_MS),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', [usage]: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          { type: 7 as const, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { cert: made.cert, key: made.private }
}

/** Writes them where the settings of a bridge say. */
export function writePem(folder: string, { cert, key }: Pem): Record<string, string> {
  const TLS_CERT_FILE = join(folder, 'tls-cert.pem')
  const TLS_KEY_FILE = join(folder, 'tls-key.pem')
  writeFileSync(TLS_CERT_FILE, cert)
  writeFileSync(TLS_KEY_FILE, key)
  return { TLS_CERT_FILE, TLS_KEY_FILE }
}
