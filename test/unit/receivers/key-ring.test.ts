/** Named keys in memory: whom they stand for, how long, and how much may be sent under them. */
import { describe, expect, test, vi } from 'vitest'
import { createKey, type KeyRequest, revokeKey, rotateKey } from '../../../src/access/keys.ts'
import type {
  KeyBalance,
  KeyCharge,
  KeyStore,
  KeyUse,
  StoredKey,
} from '../../../src/domain/key-store.ts'
import { createIngestCheck } from '../../../src/receivers/ingest-access.ts'
import { createKeyRing } from '../../../src/receivers/key-ring.ts'
import { createManualClock, type ManualClock } from '../manual-clock.ts'

/** A day of UTC begins. */
const MIDNIGHT = Date.UTC(2026, 10, 26)
const DAY_MS = 86_400_000

interface Kept extends KeyStore {
  readonly uses: KeyUse[]
}

function createStore(): Kept {
  const keys = new Map<string, StoredKey>()
  const uses: KeyUse[] = []
  return {
    uses,
    list: async () => [...keys.values()],
    add: async (key) => {
      keys.set(key.id, key)
      return true
    },
    change: async (id, change) => {
      const before = keys.get(id)
      if (before === undefined) return undefined
      keys.set(id, change(before))
      return keys.get(id)
    },
    noteUses: async (more) => void uses.push(...more),
  }
}

async function stage(request: Partial<KeyRequest> = {}, atMs = MIDNIGHT + 1000) {
  const clock = createManualClock(atMs)
  const store = createStore()
  const ring = createKeyRing({ store, apiKey: undefined, clock, log: { error: () => undefined } })
  const made = await createKey(store, { name: 'ci', scopes: ['ingest'], ...request }, clock.now())
  if (!made.ok) throw new Error(made.error)
  await ring.start()
  const check = createIngestCheck(undefined, ring)
  const send = async (text: string | undefined, records = 0, bytes = 0) => {
    const sender = await check(text === undefined ? undefined : `Bearer ${text}`)
    if (sender.ok) sender.value.charge?.({ records, bytes })
    return sender
  }
  return { clock, store, ring, made: made.value, send }
}

type Sent = Awaited<ReturnType<Awaited<ReturnType<typeof stage>>['send']>>

const kindOf = (sender: Sent) => (sender.ok ? 'ok' : sender.error.kind)

describe('a key', () => {
  test('stands for its owner; another text with its id does not', async () => {
    const { ring, made } = await stage({ team: 'red', user: 'ada', scopes: ['read:own'] })
    expect(ring.identify(`Bearer ${made.text}`)).toMatchObject({
      kind: 'principal',
      principal: { name: 'ci', team: 'red', user: 'ada', scopes: ['read:own'] },
    })
    const other = `${made.text.slice(0, -1)}${made.text.endsWith('A') ? 'B' : 'A'}`
    expect(ring.identify(`Bearer ${other}`)).toEqual({ kind: 'unknown', isNamed: true })
    expect(ring.identify('Bearer something')).toEqual({ kind: 'unknown', isNamed: false })
    expect(ring.identify(undefined)).toEqual({ kind: 'absent' })
  })

  test('ends with its expiry, and with its revocation', async () => {
    const { clock, store, ring, made, send } = await stage({ expiresMs: MIDNIGHT + 5000 })
    expect(kindOf(await send(made.text))).toBe('ok')
    await clock.advance(3999)
    expect(kindOf(await send(made.text))).toBe('ok')
    await clock.advance(1)
    expect(kindOf(await send(made.text))).toBe('unauthenticated')
    const other = await createKey(store, { name: 'b', scopes: ['ingest'] }, clock.now())
    if (!other.ok) throw new Error(other.error)
    await ring.reload()
    expect(kindOf(await send(other.value.text))).toBe('ok')
    await revokeKey(store, 'b', clock.now())
    // Another replica did it: it is noticed.
    await clock.advance(5000)
    expect(kindOf(await send(other.value.text))).toBe('unauthenticated')
  })

  test('overlaps with the one before it for as long as was asked for', async () => {
    const { clock, store, ring, made, send } = await stage()
    const rotated = await rotateKey(store, 'ci', 2000, clock.now())
    if (!rotated.ok) throw new Error(rotated.error)
    await ring.reload()
    expect([kindOf(await send(made.text)), kindOf(await send(rotated.value.text))]).toEqual([
      'ok',
      'ok',
    ])
    await clock.advance(2000)
    expect([kindOf(await send(made.text)), kindOf(await send(rotated.value.text))]).toEqual([
      'unauthenticated',
      'ok',
    ])
  })

  test('counts at once where another replica made or rotated it', async () => {
    const { clock, store, send } = await stage()
    const other = await createKey(store, { name: 'b', scopes: ['ingest'] }, clock.now())
    const rotated = await rotateKey(store, 'ci', 0, clock.now())
    if (!other.ok || !rotated.ok) throw new Error('not made')
    const sent = Promise.all([send(other.value.text), send(rotated.value.text)])
    await clock.advance(0)
    expect((await sent).map(kindOf)).toEqual(['ok', 'ok'])
  })

  test('that nobody made has the keys read twice a second at most', async () => {
    const { clock, store, send } = await stage()
    const list = vi.spyOn(store, 'list')
    const wrong = `ctk_${'0'.repeat(16)}_${'a'.repeat(43)}`
    const sent: Promise<Sent>[] = []
    for (let ms = 0; ms < 2000; ms += 10) {
      sent.push(send(wrong))
      await clock.advance(10)
    }
    await clock.advance(500)
    const kinds = (await Promise.all(sent)).map(kindOf)
    expect(new Set(kinds)).toEqual(new Set(['unauthenticated']))
    expect(list.mock.calls.length).toBeGreaterThan(2)
    expect(list.mock.calls.length).toBeLessThanOrEqual(6)
  })

  test('that is unknown is not refused for good while the keys cannot be read', async () => {
    const { clock, store, send, made } = await stage()
    const list = vi.spyOn(store, 'list').mockRejectedValue(new Error('away'))
    const other = await createKey(store, { name: 'b', scopes: ['ingest'] }, clock.now())
    if (!other.ok) throw new Error(other.error)
    const sent = send(other.value.text)
    await clock.advance(0)
    expect(kindOf(await sent)).toBe('not_stored')
    expect(kindOf(await send(made.text))).toBe('ok')
    list.mockRestore()
    const again = send(other.value.text)
    await clock.advance(500)
    expect(kindOf(await again)).toBe('ok')
  })

  test('is needed by everybody once there is one, be it revoked', async () => {
    const { store, ring, send, clock } = await stage()
    expect(kindOf(await send(undefined))).toBe('unauthenticated')
    await revokeKey(store, 'ci', clock.now())
    await ring.reload()
    expect(kindOf(await send(undefined))).toBe('unauthenticated')
    const empty = createKeyRing({
      store: createStore(),
      apiKey: undefined,
      clock,
      log: { error: () => undefined },
    })
    const check = createIngestCheck(undefined, empty)
    // Not a refusal: agents try again later.
    expect(await check(undefined)).toMatchObject({ ok: false, error: { kind: 'not_stored' } })
    await empty.reload()
    expect((await check(undefined)).ok).toBe(true)
    expect((await check('Bearer whatever')).ok).toBe(true)
  })

  test('is noted as used about once a minute, not at each use', async () => {
    const { clock, store, made, send, ring } = await stage()
    for (let n = 0; n < 5; n += 1) await send(made.text, 1, 10)
    expect(store.uses).toEqual([])
    await clock.advance(60_000)
    expect(store.uses).toEqual([
      { id: made.key.id, lastUsedMs: MIDNIGHT + 1000, dayMs: MIDNIGHT, bytes: 50 },
    ])
    await send(made.text, 1, 7)
    await ring.stop()
    expect(store.uses[1]).toMatchObject({ bytes: 7 })
  })
})

describe('a quota', () => {
  async function untilTaken(clock: ManualClock, send: () => Promise<Sent>) {
    let waitedS = 0
    while (!(await send()).ok) {
      await clock.advance(1000)
      waitedS += 1
    }
    return waitedS
  }

  test('of records takes a request whole, and then has the key wait as long as it says', async () => {
    const { clock, made, send } = await stage({ recordsPerMinute: 60 })
    expect(kindOf(await send(made.text, 90))).toBe('ok')
    const refused = await send(made.text, 1)
    expect(refused).toMatchObject({ ok: false, error: { kind: 'quota', retryAfterS: 31 } })
    expect(await untilTaken(clock, () => send(made.text, 0))).toBe(31)
  })

  test('of bytes ends with the day', async () => {
    const { clock, made, send } = await stage({ bytesPerDay: 100 }, MIDNIGHT + DAY_MS - 5000)
    expect(kindOf(await send(made.text, 1, 100))).toBe('ok')
    expect(await send(made.text)).toMatchObject({
      ok: false,
      error: { kind: 'quota', retryAfterS: 5 },
    })
    await clock.advance(5000)
    expect(kindOf(await send(made.text, 1, 99))).toBe('ok')
    expect(kindOf(await send(made.text, 1, 1))).toBe('ok')
    expect(kindOf(await send(made.text))).toBe('quota')
  })

  test('of bytes remembers what was sent before a restart', async () => {
    const { clock, store, made } = await stage({ bytesPerDay: 100 })
    await store.change(made.key.id, (key) => ({ ...key, dayUse: { dayMs: MIDNIGHT, bytes: 100 } }))
    const again = createKeyRing({
      store,
      apiKey: undefined,
      clock,
      log: { error: () => undefined },
    })
    await again.start()
    const sender = await createIngestCheck(undefined, again)(`Bearer ${made.text}`)
    expect(sender).toMatchObject({ ok: false, error: { kind: 'quota' } })
  })
})

describe('a quota that processes share', () => {
  /** As a database that several rings use keeps it. */
  function createShared() {
    const store = createStore()
    const left = new Map<string, KeyBalance>()
    const told: KeyCharge[] = []
    let isAway = false
    const share: KeyStore['share'] = async (charges) => {
      if (isAway) throw new Error('away')
      return charges.map((charge) => {
        const { id, records, bytes, dayMs, recordsPerMinute } = charge
        if (records + bytes > 0) told.push(charge)
        const before = left.get(id)
        const balance = {
          id,
          records: (before?.records ?? recordsPerMinute) - records,
          dayUse: { dayMs, bytes: (before?.dayUse.bytes ?? 0) + bytes },
        }
        left.set(id, balance)
        return balance
      })
    }
    const away = (is: boolean): void => {
      isAway = is
    }
    return { store: { ...store, share }, left, told, away }
  }

  async function two(request: Partial<KeyRequest>) {
    const clock = createManualClock(MIDNIGHT + 1000)
    const shared = createShared()
    const { store } = shared
    const made = await createKey(store, { name: 'ci', scopes: ['ingest'], ...request }, clock.now())
    if (!made.ok) throw new Error(made.error)
    const text = `Bearer ${made.value.text}`
    const ring = async () => {
      const log = { error: () => undefined }
      const one = createKeyRing({ store, apiKey: undefined, clock, log })
      await one.start()
      const check = createIngestCheck(undefined, one)
      const send = async (records = 0, bytes = 0) => {
        const sender = await check(text)
        if (sender.ok) sender.value.charge?.({ records, bytes })
        return kindOf(sender)
      }
      return { send, stop: () => one.stop() }
    }
    return { ...shared, clock, one: await ring(), other: await ring() }
  }

  test('of records is one for both, and told without a write for each request', async () => {
    const { clock, told, one, other } = await two({ recordsPerMinute: 100 })
    for (let n = 0; n < 10; n += 1)
      expect([await one.send(1), await other.send(1)]).toEqual(['ok', 'ok'])
    await clock.advance(1000)
    expect(told.map(({ records }) => records)).toEqual([10, 10])
    expect(await one.send(90)).toBe('ok')
    await clock.advance(0)
    // The other one has not heard of it, and comes to know with its next charge.
    expect(await other.send(1)).toBe('ok')
    await clock.advance(1000)
    expect([await one.send(), await other.send()]).toEqual(['quota', 'quota'])
  })

  test('one that sends nothing hears of it when the keys are read', async () => {
    const { clock, one, other } = await two({ recordsPerMinute: 100 })
    expect(await other.send(1)).toBe('ok')
    await clock.advance(1000)
    expect(await one.send(300)).toBe('ok')
    await clock.advance(5000)
    expect(await other.send()).toBe('quota')
  })

  test('of bytes is one for both', async () => {
    const { clock, one, other, left } = await two({ bytesPerDay: 1000 })
    expect([await one.send(1, 500), await other.send(1, 500)]).toEqual(['ok', 'ok'])
    await clock.advance(1000)
    await clock.advance(5000)
    expect([await one.send(), await other.send()]).toEqual(['quota', 'quota'])
    expect([...left.values()][0]?.dayUse.bytes).toBe(1000)
  })

  test('what could not be told is told later, once; so is what is left at the end', async () => {
    const { clock, one, told, away } = await two({ recordsPerMinute: 100 })
    away(true)
    await one.send(20)
    await clock.advance(3000)
    expect(told).toEqual([])
    away(false)
    await clock.advance(5000)
    expect(told.map(({ records }) => records)).toEqual([20])
    await one.send(1)
    await one.stop()
    expect(told.map(({ records }) => records)).toEqual([20, 1])
  })
})

test('a key of an earlier version whose owner has no room in the keys of sessions is told so', async () => {
  const { store, ring, made, send } = await stage({ team: 'red' })
  await store.change(made.key.id, (key) => {
    return { ...key, team: '漢'.repeat(200), user: '字'.repeat(200) }
  })
  await ring.reload()
  const sent = await send(made.text, 1, 1)
  expect(sent).toMatchObject({
    ok: false,
    error: { kind: 'missing_scope', message: expect.stringMatching(/640 bytes.*create another/) },
  })
  await ring.stop()
})
