import { describe, expect, it } from 'vitest'
import { connectionLimits, createConnections } from '../../../src/receivers/http/connections.ts'
import { createManualClock } from '../manual-clock.ts'

function setUp(max: number) {
  const clock = createManualClock(0)
  const connections = createConnections(max, clock)
  const destroyed: string[] = []
  const open = (name: string) => {
    const state = { bytes: 0, isBusy: false }
    const tracked = connections.track({
      bytesRead: () => state.bytes,
      isBusy: () => state.isBusy,
      destroy: () => destroyed.push(name),
    })
    return Object.assign(state, tracked)
  }
  return { clock, connections, destroyed, open }
}

describe('beyond the bound a new connection takes the place of', () => {
  it('the one that has been waited for longest', async () => {
    const { clock, destroyed, open } = setUp(2)
    open('first')
    await clock.advance(5)
    const second = open('second')
    await clock.advance(5)
    open('third')
    await clock.advance(5)
    second.answered()
    open('fourth')
    expect(destroyed).toEqual(['first', 'third'])
  })

  it('one that sends too slowly, before one that sends', async () => {
    const { clock, destroyed, open } = setUp(2)
    const quick = open('quick')
    const drip = open('drip')
    for (let second = 0; second < 3; second += 1) {
      await clock.advance(1000)
      quick.bytes += 32_000
      drip.bytes += 1
    }
    open('new')
    expect(destroyed).toEqual(['drip'])
  })

  it('none whose request is being handled', async () => {
    const { clock, destroyed, open } = setUp(2)
    open('busy').isBusy = true
    open('busy as well').isBusy = true
    await clock.advance(60_000)
    open('new')
    expect(destroyed).toEqual(['new'])
  })

  it('none once one has closed', () => {
    const { destroyed, open } = setUp(1)
    open('first').closed()
    open('second')
    expect(destroyed).toEqual([])
  })
})

it('at the end all that are late are closed', async () => {
  const { clock, connections, destroyed, open } = setUp(10)
  open('late')
  open('busy').isBusy = true
  await clock.advance(10)
  open('new')
  connections.closeSlow()
  expect(destroyed).toEqual(['late'])
})

it.each([
  [1_048_576, { http: 2000, grpc: 1000 }],
  [1024, { http: 360, grpc: 120 }],
  [100, { http: 14, grpc: 4 }],
  [20, { http: 12, grpc: 4 }],
])('of %i files some are left for everything else', (openFiles, limits) => {
  expect(connectionLimits(openFiles)).toEqual(limits)
})
