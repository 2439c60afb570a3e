/** Connections to PostgreSQL that cannot be made, and what an address may say about them. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { clientConfig, isOfStorage, openPool } from '../../../src/storage/postgres/connection.ts'
import { openExisting } from '../../../src/storage/postgres/open-database.ts'
import { createAuthority, issue } from '../../integration/tls/certificates.ts'

const settings = { size: 1, statementTimeoutMs: 5000 }

/** A server that says the first word of PostgreSQL's protocol; resolves to its host and port. */
async function serverThat(answers: (socket: Socket, hello: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (hello: Buffer) => answers(socket, hello))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `127.0.0.1:${address.port}`
}

/** A message of the server about authentication. */
function authentication(code: number, text: string): Buffer {
  const head = Buffer.alloc(9)
  head.write('R')
  head.writeInt32BE(8 + Buffer.byteLength(text), 1)
  head.writeInt32BE(code, 5)
  return Buffer.concat([head, Buffer.from(text)])
}

const requestsPassword = (socket: Socket): void => {
  socket.write(authentication(10, 'SCRAM-SHA-256\0\0'))
  socket.once('data', () => socket.write(authentication(11, 'r=x,s=x,i=4096')))
}

async function untrusted(): Promise<string> {
  const { cert, key } = await issue(await createAuthority())
  const secureContext = createSecureContext({ cert, key })
  return serverThat((socket) => {
    socket.write('S')
    new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {})
  })
}

test.each([
  ['a certificate that nobody vouches for', untrusted, '?sslmode=verify-full', /certificate/],
  ['the same with sslmode=require', untrusted, '?sslmode=require', /certificate/],
  [
    'a password that is missing',
    () => serverThat(requestsPassword),
    '',
    /password must be a string/,
  ],
])('%s is of the storage, and said without the program’s insides', async (_, start, query, why) => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  const url = `postgres://me@${await start()}/db${query}`
  expect(await openExisting({ ...settings, url })).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(why) as string },
  })
  const pool = openPool({ ...settings, url })
  onTestFinished(() => pool.close())
  const failures = [
    await pool.query('select 1').catch((error: unknown) => error),
    await pool.kysely
      .selectFrom('instance')
      .selectAll()
      .execute()
      .catch((error: unknown) => error),
    await pool.transaction(async () => {}).catch((error: unknown) => error),
  ]
  expect(failures.map(isOfStorage)).toEqual([true, true, true])
  expect(warned).not.toHaveBeenCalled()
})

test('an address cannot change what the program sets, but adds options of the server', () => {
  const url =
    'postgres://me:a%2Bb@host/db?application_name=mine&statement_timeout=0&options=-c%20search_path%3Dx&sslcert='
  const client = new pg.Client(clientConfig({ url, statementTimeoutMs: 5000, isReadOnly: true }))
  expect(client).toMatchObject({ user: 'me', password: 'a+b', host: 'host', database: 'db' })
  expect(client).toMatchObject({
    connectionParameters: {
      application_name: 'claude-telemetry',
      statement_timeout: 5000,
      options: '-c search_path=x -c default_transaction_read_only=on',
    },
  })
})
