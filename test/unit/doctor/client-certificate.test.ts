/** A bridge that takes clients with a certificate only: what commands, which have none, say of it. */
import { expect, test } from 'vitest'
import { unansweredText } from '../../../src/api/bridge-client.ts'
import type { ReceiverConfig } from '../../../src/config/config.ts'
import { examineBridge } from '../../../src/doctor/bridge-checks.ts'

const base = 'https://127.0.0.1:4318'
const receiver: ReceiverConfig = {
  ...{ host: '127.0.0.1', port: 4318, maxRequestBytes: 1, maxInFlightBytes: 1 },
  tls: { certFile: '/none.crt', keyFile: '/none.key', clientCaFile: '/clients.pem' },
}

// Which one it is depends on who is faster.
const endings = ['other side closed', 'read ECONNRESET', 'tlsv13 alert certificate required']

function examined(error: string, config: ReceiverConfig) {
  const get = async () => ({ kind: 'no_answer', error }) as const
  return examineBridge({ base, configured: base, isDefault: true } as never, config, {
    ...{ ownVersion: '1', probe: { get } as never, now: () => 0, plans: [] },
    ...{ hasHelper: false, surroundings: 'container' },
  })
}

test.each(endings)('%s: the doctor names the certificate', async (error) => {
  const { findings } = await examined(error, receiver)
  expect(findings).toMatchObject([
    { id: 'bridge.tls', status: 'fail', what: expect.stringContaining('with a certificate') },
  ])
})

test.each(endings)('%s: so do commands', (error) => {
  expect(unansweredText(error, true)).toContain('TLS_CLIENT_CA_FILE')
})

test('where nothing listens, or no certificate is asked for, it is told as it is', async () => {
  const refused = 'connect ECONNREFUSED 127.0.0.1:4318'
  const { tls: _, ...plain } = receiver
  for (const found of [
    await examined(refused, receiver),
    await examined('other side closed', plain),
  ]) {
    expect(found.findings).toMatchObject([{ id: 'bridge.running', status: 'fail' }])
  }
  expect(unansweredText(refused, true)).toBe(`does not answer (${refused})`)
  expect(unansweredText('other side closed', false)).toBe('does not answer (other side closed)')
})
