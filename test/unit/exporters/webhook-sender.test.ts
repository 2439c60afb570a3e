/** Budget alerts on their way to the webhook, with clock, queue and receiver in the test's hands. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AlertQueue, QueuedAlert, ThresholdAlert } from '../../../src/domain/alert.ts'
import { err, ok } from '../../../src/domain/result.ts'
import { createAlertSender } from '../../../src/alerts/alert-sender.ts'
import type { AlertChannel, ChannelFailure } from '../../../src/alerts/channel.ts'
import { webhookMessage } from '../../../src/alerts/webhook-message.ts'
import { createManualClock, settle } from '../manual-clock.ts'

const START_MS = Date.UTC(2026, 10, 21, 9)
const DAY_MS = 86_400_000

const alert: ThresholdAlert = {
  kind: 'budget',
  scope: 'user',
  subject: 'ada',
  date: '2026-11-21',
  threshold: 80,
  limitUsd: 10,
  spentUsd: 8.5,
  atMs: START_MS,
}

function queueOf(...ids: readonly string[]) {
  const waiting = new Map<string, QueuedAlert>()
  const add = (id: string, change: Partial<QueuedAlert> = {}) =>
    waiting.set(id, { id, alert, attempts: 0, notBeforeMs: 0, ...change })
  for (const id of ids) add(id)
  let failure: Error | undefined
  const queue: AlertQueue = {
    next: async () => {
      if (failure !== undefined) throw failure
      return [...waiting.values()].sort((a, b) => a.notBeforeMs - b.notBeforeMs)[0]
    },
    putOff: async (id, notBeforeMs) => {
      const known = waiting.get(id)
      add(id, { ...known, attempts: (known?.attempts ?? 0) + 1, notBeforeMs })
    },
    settle: async (id) => void waiting.delete(id),
  }
  const failWith = (error: Error | undefined): void => {
    failure = error
  }
  return { queue, add, failWith, waiting: () => [...waiting.keys()] }
}

function rig(...ids: readonly string[]) {
  const { queue, ...inTest } = queueOf(...ids)
  const clock = createManualClock(START_MS)
  const sent: { readonly id: string; readonly atMs: number }[] = []
  const logged: string[] = []
  let answer: (id: string) => ChannelFailure | undefined | Promise<undefined> = () => undefined
  const channel: AlertChannel = {
    name: 'webhook',
    label: 'budget webhook',
    check: async () => ok(undefined),
    send: async ({ id }, _, stop) => {
      sent.push({ id, atMs: clock.now() - START_MS })
      const aborted = new Promise<ChannelFailure>((resolve) => {
        stop.addEventListener('abort', () => resolve({ reason: 'aborted' }))
      })
      const failure = await Promise.race([answer(id), aborted])
      return failure === undefined ? ok(undefined) : err(failure)
    },
  }
  const write = (_: object, message: string) => void logged.push(message)
  const log = { info: write, warn: write, error: write }
  const sender = createAlertSender({ queue, channel, clock, random: () => 0.5, log })
  onTestFinished(() => sender.stop(0))
  return {
    ...inTest,
    clock,
    sender,
    sent,
    logged,
    answers: (next: typeof answer) => {
      answer = next
    },
    ids: () => sent.map(({ id }) => id),
  }
}

describe('the message', () => {
  test('has a text for people and fields for programs', () => {
    expect(webhookMessage({ id: 'a', alert, attempts: 3, notBeforeMs: 0 })).toEqual({
      id: 'a',
      text: 'claude-telemetry: passed 80 % of the daily budget of ada: $8.50 of $10.00 spent on 2026-11-21',
      scope: 'user',
      subject: 'ada',
      date: '2026-11-21',
      thresholdPercent: 80,
      limitUsd: 10,
      spentUsd: 8.5,
      at: '2026-11-21T09:00:00.000Z',
    })
  })

  test.each<[string, Partial<ThresholdAlert>, object]>([
    ['a day is nobody', { scope: 'day', subject: '' }, { subject: null }],
    ['a session has no day', { scope: 'session', date: '' }, { date: null }],
    [
      'a name is no command in a chat',
      { subject: '<!channel> & co' },
      {
        text: expect.stringContaining('of &lt;!channel&gt; &amp; co:'),
        subject: '<!channel> & co',
      },
    ],
    ['half a character is none', { subject: '\ud83d' }, { subject: '\ufffd' }],
  ])('%s', (_, change, expected) => {
    const queued = { id: 'a', alert: { ...alert, ...change }, attempts: 0, notBeforeMs: 0 }
    expect(webhookMessage(queued)).toMatchObject(expected)
  })
})

describe('the message of a managed budget', () => {
  const held = { budget: 'web', window: 'month', date: '2026-11' } as const

  test('has its name and window', () => {
    const queued = { id: 'a', alert: { ...alert, ...held }, attempts: 0, notBeforeMs: 0 }
    expect(webhookMessage(queued)).toMatchObject({
      text: 'claude-telemetry: passed 80 % of the monthly budget "web" of ada: $8.50 of $10.00 spent in 2026-11',
      ...{ kind: 'budget', thresholdPercent: 80, ...held },
    })
  })

  test('that will not last has the day on which it is spent', () => {
    const { threshold: _, ...rest } = alert
    const forecast = { projectedUsd: 20.4, spentOn: '2026-11-19' }
    const late = { ...rest, ...held, ...forecast, kind: 'forecast' } as const
    expect(webhookMessage({ id: 'a', alert: late, attempts: 0, notBeforeMs: 0 })).toMatchObject({
      text: 'claude-telemetry: at this pace the monthly budget "web" of ada is spent on 2026-11-19: $8.50 of $10.00 spent in 2026-11',
      ...{ kind: 'forecast', thresholdPercent: null, limitUsd: 10, ...forecast },
    })
  })

  test('of a spike has what is usual', () => {
    const figures = { costUsd: 9, usualUsd: 2, hour: '2026-11-21 09:00', atMs: START_MS }
    const spike = { kind: 'spike', scope: 'user', subject: '<ada>', ...figures } as const
    expect(webhookMessage({ id: 'a', alert: spike, attempts: 0, notBeforeMs: 0 })).toEqual({
      id: 'a',
      text: 'claude-telemetry: an hour of &lt;ada&gt; costs far more than usual: $9.00, where nine of ten cost at most $2.00, on 2026-11-21 09:00',
      ...{ kind: 'spike', scope: 'user', subject: '<ada>', date: '2026-11-21 09:00' },
      ...{ thresholdPercent: null, limitUsd: null, spentUsd: 9, usualUsd: 2 },
      at: '2026-11-21T09:00:00.000Z',
    })
  })
})

describe('a name in the text of a message', () => {
  const textOf = (subject: string) => {
    const queued = { id: 'a', alert: { ...alert, subject }, attempts: 0, notBeforeMs: 0 }
    return /daily budget of (.*): \$/.exec(webhookMessage(queued).text)?.[1]
  }

  test.each(['ada', 'Ada Lovelace', 'ada@example.com', 'john_doe', 'claude-code/s1', 'Ünal, A.'])(
    '%s is as it is',
    (name) => expect(textOf(name)).toBe(name),
  )

  test.each([
    ['@everyone', '`@everyone`'],
    ['ada@here', '`ada@here`'],
    ['x@everyone.example', '`x@everyone.example`'],
    ['<!channel>', '&lt;!channel&gt;'],
    ['<http://evil.example|the bill>', '`&lt;http://evil.example|the bill&gt;`'],
    ['![bill](http://evil.example/a.png)', '`![bill](http://evil.example/a.png)`'],
    ['evil.example/login', '`evil.example/login`'],
    ['*red*', '`*red*`'],
    ['_red_', '`_red_`'],
    ['~red~', '`~red~`'],
    ['`red` @channel', "`'red' @channel`"],
    [':tada:', '`:tada:`'],
    ['red\n*is* spent', '`red *is* spent`'],
    ['\u202eder\u001b]52;c;eA==\u0007', 'der'],
  ])('%j is text', (name, text) => expect(textOf(name)).toBe(text))
})

describe('the sender', () => {
  test('sends what waits at the start, and what comes once it is told of it', async () => {
    const { sender, add, ids, waiting } = rig('a', 'b')
    sender.start()
    await settle()
    expect(ids()).toEqual(['a', 'b'])
    add('c')
    sender.notify()
    await settle()
    expect(ids()).toEqual(['a', 'b', 'c'])
    expect(waiting()).toEqual([])
  })

  test('tries again, later each time, and says so once for each time it is away', async () => {
    const { sender, clock, sent, add, answers, logged, waiting } = rig('a')
    answers(() => ({ reason: 'HTTP 500' }))
    sender.start()
    await settle()
    await clock.advance(60_000)
    // Both the webhook's rest and the alert's own: 1 s, 2 s, 4 s, … each.
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 2_000, 6_000, 14_000, 30_000])
    answers(() => undefined)
    await clock.advance(60_000)
    expect(waiting()).toEqual([])
    answers(() => ({ reason: 'HTTP 500' }))
    add('b')
    sender.notify()
    await settle()
    expect(logged).toEqual([
      'the budget webhook failed, it is tried again',
      'the budget webhook works again',
      'the budget webhook failed, it is tried again',
    ])
  })

  test('being told of another alert does not end the rest', async () => {
    const { sender, clock, ids, add, answers } = rig('a')
    answers(() => ({ reason: 'HTTP 500' }))
    sender.start()
    await settle()
    add('b')
    sender.notify()
    await settle()
    expect(ids()).toEqual(['a'])
    await clock.advance(1_000)
    expect(ids()).toEqual(['a', 'b'])
  })

  test('waits as long as the receiver asks for', async () => {
    const { sender, clock, ids, answers } = rig('a')
    answers(() => ({ reason: 'HTTP 429', retryAfterMs: 40_000 }))
    sender.start()
    await settle()
    await clock.advance(40_999)
    expect(ids()).toEqual(['a'])
    await clock.advance(1)
    expect(ids()).toEqual(['a', 'a'])
  })

  test('an alert that is refused holds up no other', async () => {
    const { sender, clock, answers, waiting } = rig('poison', 'b', 'c')
    answers((id) => (id === 'poison' ? { reason: 'HTTP 400' } : undefined))
    sender.start()
    await settle()
    await clock.advance(1_000)
    expect(waiting()).toEqual(['poison'])
  })

  test('gives up after three days', async () => {
    const { sender, clock, add, answers, logged, waiting } = rig()
    answers(() => ({ reason: 'HTTP 404' }))
    add('old', { alert: { ...alert, atMs: START_MS - 3 * DAY_MS + 1 } })
    sender.start()
    await settle()
    expect(waiting()).toEqual(['old'])
    await clock.advance(10_000)
    expect(waiting()).toEqual([])
    expect(logged).toContain('an alert was given up: the budget webhook did not accept it')
  })

  test('sends what was put off under a clock that has been set back', async () => {
    const { sender, add, ids } = rig()
    add('a', { notBeforeMs: START_MS + 300 * DAY_MS })
    sender.start()
    await settle()
    expect(ids()).toEqual(['a'])
  })

  test('leaves a queue that fails alone for a while', async () => {
    const { sender, clock, failWith, ids, logged } = rig('a')
    failWith(new Error('disk full'))
    sender.start()
    await settle()
    failWith(undefined)
    await clock.advance(4_999)
    expect(ids()).toEqual([])
    await clock.advance(1)
    expect(ids()).toEqual(['a'])
    expect(logged).toEqual(['the queue of alerts failed, the budget webhook waits'])
  })
})

describe('a stop', () => {
  test('waits for the alert under way, and sends no further one', async () => {
    const { sender, answers, ids, waiting } = rig('a', 'b')
    const held = Promise.withResolvers<undefined>()
    answers(() => held.promise)
    sender.start()
    await settle()
    const stopped = sender.stop(1_000)
    held.resolve(undefined)
    await stopped
    expect(ids()).toEqual(['a'])
    expect(waiting()).toEqual(['b'])
  })

  test('drops it after its grace: it waits for the next start as it was', async () => {
    const { sender, clock, answers, waiting, logged } = rig('a')
    answers(() => Promise.withResolvers<undefined>().promise)
    sender.start()
    await settle()
    const stopped = sender.stop(1_000)
    await clock.advance(1_000)
    await stopped
    expect(waiting()).toEqual(['a'])
    expect(logged).toEqual([])
  })
})
