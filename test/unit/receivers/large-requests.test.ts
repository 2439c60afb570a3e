/** Requests that are stored part by part, taking turns. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { createForwarding } from '../../../src/processors/forwarding.ts'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const post = (payload: string) =>
  stand.app.inject({ method: 'POST', url: '/v1/logs', headers: jsonType, payload })
const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, n) => prefix + n)
/** Of about so many bytes for each record. */
const padded = (count: number, bytes: number) => names(count, 'x'.repeat(bytes))
const lotsOf = (each: Stand) => each.ingestLogs.mock.calls.map(([records]) => records.length)

describe('a large request', () => {
  it('is stored in lots, and answered after the last', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    const reply = await post(logsBody(...padded(7000, 1000)))
    expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
    const lots = lotsOf(stand)
    expect(lots.reduce((sum, lot) => sum + lot, 0)).toBe(7000)
    expect(Math.max(...lots)).toBeLessThanOrEqual(1000)
    expect(stand.counters.snapshot()).toMatchObject({ acceptedRecords: 7000 })
  })

  it('lets a small one through between its parts', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    const order: string[] = []
    let small: Promise<unknown> | undefined
    stand.ingestLogs.mockImplementation(async (records) => {
      order.push(records.length === 1 ? 'small' : 'part')
      small ??= post(logsBody('small'))
      await new Promise((resolve) => setImmediate(resolve))
      return []
    })
    await post(logsBody(...padded(7000, 1000)))
    await small
    expect(order.indexOf('small')).toBeLessThanOrEqual(3)
    expect(order.length).toBeGreaterThan(7)
  })

  it('takes turns with another', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    const order: string[] = []
    stand.ingestLogs.mockImplementation(async (records) => {
      order.push(records[0]?.eventName[0] ?? '')
      await new Promise((resolve) => setImmediate(resolve))
      return []
    })
    const pad = 'x'.repeat(1000)
    await Promise.all(['a', 'b'].map((name) => post(logsBody(...names(7000, name + pad)))))
    const halfway = order.slice(0, order.length / 2)
    expect(new Set(halfway)).toEqual(new Set(['a', 'b']))
  })

  it('that is broken at its end stores nothing', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    const reply = await post(logsBody(...padded(7000, 1000)).slice(0, -1))
    expect(reply.statusCode).toBe(400)
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  it('says every refusal, and describes the first', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    stand.ingestLogs.mockImplementation(async (records) =>
      records.map(
        ({ eventName }): Rejection => ({ reason: 'no_session', message: eventName.slice(-5) }),
      ),
    )
    const reply = await post(logsBody(...padded(7000, 1000)))
    expect(reply.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '7000' } })
    expect(stand.counters.snapshot().rejectedRecords).toEqual({ no_session: 7000 })
  })

  it('that cannot be stored to its end is to be sent again', async () => {
    stand = createStand({ maxRequestBytes: 1e8 })
    stand.ingestLogs.mockResolvedValueOnce([]).mockRejectedValueOnce(new Error('disk full'))
    const reply = await post(logsBody(...padded(7000, 1000)))
    expect(reply.statusCode).toBe(503)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(2)
    expect(stand.counters.snapshot()).toMatchObject({ acceptedRecords: lotsOf(stand)[0] })
  })

  it('ends with the part at hand when the bridge stops', async () => {
    const stopping = new AbortController()
    stand = createStand({ maxRequestBytes: 1e8, stopping: stopping.signal })
    stand.ingestLogs.mockImplementation(async () => {
      stopping.abort()
      return []
    })
    const reply = await post(logsBody(...padded(7000, 1000)))
    expect([reply.statusCode, reply.json()]).toMatchObject([503, { code: 14 }])
    expect(lotsOf(stand).length).toBeLessThan(3)
  })
})

describe('records that take more memory than their bytes', () => {
  it('are refused when there is no room for them', async () => {
    stand = createStand({ maxRequestBytes: 1e8, maxInFlightBytes: 10_000, decodingBytes: 100_000 })
    const tiny = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${'{},'.repeat(1000)}{}]}]}]}`
    expect((await post(tiny)).statusCode).toBe(503)
    expect(stand.ingestLogs).not.toHaveBeenCalled()
    expect((await post(tiny.replace('{},'.repeat(900), ''))).statusCode).toBe(200)
  })

  it('are charged until the request is answered, and no longer', async () => {
    stand = createStand({ maxRequestBytes: 1e8, maxInFlightBytes: 100_000, decodingBytes: 600_000 })
    const body = logsBody(...names(1000))
    const stored = Promise.withResolvers<readonly Rejection[]>()
    stand.ingestLogs.mockReturnValueOnce(stored.promise)
    const first = post(body)
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(1))
    expect((await post(body)).statusCode).toBe(503)
    stored.resolve([])
    expect((await first).statusCode).toBe(200)
    for (let round = 0; round < 3; round += 1) expect((await post(body)).statusCode).toBe(200)
  })
})

describe('what is forwarded', () => {
  const body = (chars: number) => logsBody('x'.repeat(chars))
  /** How many items each part had. */
  let kept: number[]
  const forwarding = createForwarding({
    store: {
      keep: async (items) => {
        kept.push(items.length)
        return true
      },
    },
    onKept: () => {},
  })
  beforeEach(() => {
    kept = []
  })

  it('is charged as well, beyond what its records took', async () => {
    const bounds = { maxInFlightBytes: 11_000, decodingBytes: 25_000 }
    stand = createStand({ maxRequestBytes: 1e8, ...bounds, forwarding })
    expect((await post(body(10_000))).statusCode).toBe(503)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
    expect(kept).toEqual([])
    for (let round = 0; round < 5; round += 1) {
      expect((await post(body(4000))).statusCode).toBe(200)
    }
    expect(kept).toEqual([1, 1, 1, 1, 1])
  })

  it('is charged by its parts, and not for all of them together', async () => {
    const bounds = { maxInFlightBytes: 1e7, decodingBytes: 5e6 }
    stand = createStand({ maxRequestBytes: 1e8, ...bounds, forwarding })
    const reply = await post(logsBody(...padded(4000, 2000)))
    expect(reply.statusCode).toBe(200)
    expect(kept.reduce((sum, count) => sum + count, 0)).toBe(4000)
    expect(kept.length).toBeGreaterThan(5)
  })

  it('has room when it is alone, even the largest record in the largest body', async () => {
    const largest = body(8_000_000)
    const bounds = { maxRequestBytes: 1e8, maxInFlightBytes: largest.length }
    stand = createStand({ ...bounds, forwarding })
    expect((await post(largest)).statusCode).toBe(200)
    expect(kept).toEqual([1])
  })
})
