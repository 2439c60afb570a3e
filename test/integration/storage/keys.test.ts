/** Named keys, the audit log, and whose sessions are whose: what every engine does with them. */
import { describe, expect, test } from 'vitest'
import { createKey, isSecretOf, revokeKey, rotateKey, updateKey } from '../../../src/access/keys.ts'
import type { StoredKey } from '../../../src/domain/key-store.ts'
import { AT_MS, row } from '../../unit/storage/arrivals.ts'
import { createRig, engines } from './engines.ts'

const key = (name: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id: `id-of-${name}`,
  name,
  scopes: ['ingest'],
  createdMs: AT_MS,
  secrets: [{ hash: 'hash', createdMs: AT_MS }],
  ...more,
})

describe.each(engines)('$name', (engine) => {
  describe('keys', () => {
    test('are there again after a restart, as they were stored', async () => {
      const rig = await createRig(engine)
      const whole = key('whole', {
        scopes: ['ingest', 'read:team'],
        team: 'red',
        user: 'ada@example.com',
        recordsPerMinute: 10,
        bytesPerDay: 1_000_000,
        expiresMs: AT_MS + 5,
      })
      expect(await rig.store.keys.add(whole)).toBe(true)
      expect(await rig.store.keys.add(key('plain'))).toBe(true)
      const again = await rig.reopen()
      expect(await again.store.keys.list()).toEqual([key('plain'), whole])
    })

    test('a name is given once, and again once its key was revoked', async () => {
      const { store } = await createRig(engine)
      expect(await store.keys.add(key('ci'))).toBe(true)
      expect(await store.keys.add(key('ci', { id: 'other' }))).toBe(false)
      await store.keys.change('id-of-ci', (one) => ({ ...one, revokedMs: AT_MS }))
      expect(await store.keys.add(key('ci', { id: 'other' }))).toBe(true)
      expect((await store.keys.list()).map(({ id }) => id)).toEqual(['id-of-ci', 'other'])
    })

    test('a change keeps name, id and uses; of a key that is not there it says so', async () => {
      const { store } = await createRig(engine)
      await store.keys.add(key('ci'))
      await store.keys.noteUses([{ id: 'id-of-ci', lastUsedMs: AT_MS, dayMs: 0, bytes: 5 }])
      const changed = await store.keys.change('id-of-ci', () => key('other', { team: 'red' }))
      const expected = key('ci', {
        team: 'red',
        lastUsedMs: AT_MS,
        dayUse: { dayMs: 0, bytes: 5 },
      })
      expect(changed).toEqual(expected)
      expect(await store.keys.list()).toEqual([expected])
      expect(await store.keys.change('nobody', (one) => one)).toBeUndefined()
    })

    test('bytes add up within a day, and the last use never goes back', async () => {
      const { store } = await createRig(engine)
      await store.keys.add(key('ci'))
      const use = { id: 'id-of-ci', dayMs: 0 }
      await store.keys.noteUses([{ ...use, lastUsedMs: AT_MS + 9, bytes: 5 }])
      await store.keys.noteUses([
        { ...use, lastUsedMs: AT_MS, bytes: 7 },
        { ...use, id: 'nobody', lastUsedMs: AT_MS, bytes: 1 },
      ])
      expect(await store.keys.list()).toMatchObject([
        { lastUsedMs: AT_MS + 9, dayUse: { dayMs: 0, bytes: 12 } },
      ])
      await store.keys.noteUses([{ ...use, dayMs: 86_400_000, lastUsedMs: AT_MS, bytes: 3 }])
      expect(await store.keys.list()).toMatchObject([{ dayUse: { dayMs: 86_400_000, bytes: 3 } }])
    })

    test('rotation leaves the secret before in force for a while; revocation leaves none', async () => {
      const { store } = await createRig(engine)
      const made = await createKey(store.keys, { name: 'ci', scopes: ['ingest'] }, AT_MS)
      if (!made.ok) throw new Error(made.error)
      const rotated = await rotateKey(store.keys, 'ci', 1000, AT_MS)
      if (!rotated.ok) throw new Error(rotated.error)
      const stored = async () => (await store.keys.list())[0] as StoredKey
      expect(JSON.stringify(await store.keys.list())).not.toContain(made.value.text.slice(21))
      expect(isSecretOf(made.value.text, await stored(), AT_MS + 999)).toBe(true)
      expect(isSecretOf(made.value.text, await stored(), AT_MS + 1000)).toBe(false)
      expect(isSecretOf(rotated.value.text, await stored(), AT_MS + 1000)).toBe(true)
      expect((await revokeKey(store.keys, 'ci', AT_MS)).ok).toBe(true)
      expect(isSecretOf(rotated.value.text, await stored(), AT_MS)).toBe(false)
      expect((await rotateKey(store.keys, 'ci', 0, AT_MS)).ok).toBe(false)
    })
  })

  test('limits and the end change while the secret stays, and null takes them away', async () => {
    const { store } = await createRig(engine)
    const limits = { recordsPerMinute: 5, bytesPerDay: 100, expiresMs: AT_MS + 1000 }
    const made = await createKey(store.keys, { name: 'ci', scopes: ['ingest'], ...limits }, AT_MS)
    if (!made.ok) throw new Error(made.error)
    const update = (changes: Parameters<typeof updateKey>[2]) =>
      updateKey(store.keys, 'ci', changes, AT_MS)
    await update({ recordsPerMinute: 7 })
    const stored = async () => (await store.keys.list())[0] as StoredKey
    expect(await stored()).toMatchObject({ ...limits, recordsPerMinute: 7 })
    await update({ bytesPerDay: null, expiresMs: null })
    const { bytesPerDay, expiresMs, recordsPerMinute } = await stored()
    expect([recordsPerMinute, bytesPerDay, expiresMs]).toEqual([7, undefined, undefined])
    expect(isSecretOf(made.value.text, await stored(), AT_MS + 2000)).toBe(true)
    expect((await update({ expiresMs: AT_MS })).ok).toBe(false)
    await revokeKey(store.keys, 'ci', AT_MS)
    expect((await update({ recordsPerMinute: 1 })).ok).toBe(false)
  })

  describe('the audit log', () => {
    const entry = (action: string, atMs = AT_MS) =>
      ({ atMs, actor: 'ci', action, outcome: 'done' }) as const

    test('is read from its end, a page at a time', async () => {
      const { store } = await createRig(engine)
      await store.audit.append([entry('a'), { ...entry('b'), target: 'claude-code/s1' }])
      await store.audit.append([entry('c')])
      const first = await store.audit.list(undefined, 2)
      expect(first).toMatchObject([entry('c'), { ...entry('b'), target: 'claude-code/s1' }])
      expect(await store.audit.list(first[1]?.id, 2)).toMatchObject([entry('a')])
    })

    test('forgets what is older than the retention', async () => {
      const rig = await createRig(engine, { retentionMs: 1000 })
      await rig.store.audit.append([entry('old')])
      await rig.clock.advance(2000)
      await rig.store.audit.append([entry('new', rig.clock.now())])
      expect((await rig.store.audit.list(undefined, 9)).map(({ action }) => action)).toEqual([
        'new',
      ])
    })
  })

  describe('whose a session is', () => {
    const filter = { attributes: [] }
    const pageOf = (reader: Awaited<ReturnType<typeof createRig>>['reader'], owner: object) =>
      reader.lists.page(
        {
          filter: { ...filter, owner },
          ...{ fromMs: undefined, toMs: undefined, state: 'any', order: 'last', direction: 'asc' },
        },
        undefined,
        9,
      )

    test('is said by its key, else by the first team and user that it names', async () => {
      const rig = await createRig(engine)
      const keyed = { key: 'claude-code@red:eve/s1', team: 'blue', userId: 'ada' }
      const plain = { key: 'claude-code/s1', team: 'blue', userId: 'ada' }
      await rig.commit({
        sessions: [
          { ...row('s1'), ...keyed },
          { ...row('s1'), ...plain },
        ],
      })
      await rig.commit({ sessions: [{ ...row('s1'), ...plain, team: 'green', userId: 'bob' }] })
      const keysOf = async (owner: object) => (await pageOf(rig.reader, owner)).map((s) => s.key)
      expect(await keysOf({ team: 'red' })).toEqual([keyed.key])
      expect(await keysOf({ team: 'red', user: 'eve' })).toEqual([keyed.key])
      expect(await keysOf({ team: 'red', user: 'ada' })).toEqual([])
      expect(await keysOf({ team: 'blue' })).toEqual([plain.key])
      expect(await keysOf({ user: 'ada' })).toEqual([plain.key])
      expect(await keysOf({ team: 'green' })).toEqual([])
      const owned = await rig.reader.lists.ownedKeys([keyed.key, plain.key, 'none/x'], {
        team: 'red',
      })
      expect(owned).toEqual(new Set([keyed.key]))
    })
  })
})
