/** What Langfuse, and the way to it, can do. */
import type { Fault as Misbehaviour } from '../langfuse-stand-in/fault.ts'
import { STAND_IN_KEYS } from '../langfuse-stand-in/stand-in.ts'
import type { Fault } from './fault.ts'
import { healthWhen } from './health.ts'
import { runCommand } from './run-command.ts'

/** Langfuse does the same to all requests for a while, or to some of them all the time. */
function misbehaving(name: string, misbehaviour: Misbehaviour): Fault {
  return {
    name,
    actsLate: ['hang', 'slow'].includes(misbehaviour.kind),
    inject: async ({ langfuse, random, traffic, pause }) => {
      const oneIn = random.pick([1, 1, 2, 3])
      await pause(0, 500)
      langfuse.always(() => (random.oneIn(oneIn) ? misbehaviour : undefined))
      if (oneIn === 1) await pause(200, 1200)
      else await traffic
      langfuse.always(undefined)
      langfuse.release()
    },
  }
}

const status = (code: number, headers: Readonly<Record<string, string>> = {}): Misbehaviour => ({
  kind: 'status',
  status: code,
  headers,
})

export const langfuseFaults: readonly Fault[] = [
  misbehaving('Langfuse resets connections', { kind: 'reset' }),
  misbehaving('Langfuse is slow', { kind: 'slow', delayMs: 250 }),
  misbehaving('Langfuse hangs', { kind: 'hang' }),
  misbehaving('Langfuse answers after the client gave up', { kind: 'slow', delayMs: 700 }),
  misbehaving('Langfuse stores, and its answer does not end', { kind: 'stall' }),
  misbehaving('Langfuse stores, and its answer breaks off', { kind: 'cut' }),
  misbehaving('Langfuse stores, and answers 200 with a broken body', { kind: 'garbled' }),
  misbehaving('Langfuse answers 429 with Retry-After', status(429, { 'retry-after': '1' })),
  misbehaving('Langfuse answers 500', status(500)),
  misbehaving('Langfuse answers 502', status(502)),
  {
    name: 'keys are wrong, then right',
    inject: async ({ subject, langfuse, pause, expect }) => {
      await pause(0, 500)
      langfuse.setKeys({ publicKey: 'pk-lf-other', secretKey: 'sk-lf-other' })
      const said = await healthWhen(subject, (h) => h.langfuse === 'unauthorized', pause)
      expect(said.langfuse === 'unauthorized', `health with wrong keys: ${said.langfuse}`)
      expect(said.code === 200, `records can be taken, but health answers ${said.code}`)
      langfuse.setKeys(STAND_IN_KEYS)
    },
  },
  {
    name: 'Langfuse refuses one span of a batch; later it is retried by command',
    inject: async ({ subject, langfuse, random, traffic, expect }) => {
      let refused: string | undefined
      langfuse.refuseSpans(({ spanId, type }) => {
        if (type === 'generation' && random.oneIn(3)) refused ??= spanId
        return spanId === refused ? 'this one is not liked' : undefined
      })
      await traffic
      await subject.stop()
      langfuse.refuseSpans(() => undefined)
      const listed = await runCommand(subject.dataDir, ['outbox', 'list'])
      expect(refused === undefined || listed.includes('not liked'), `outbox list: ${listed}`)
      await runCommand(subject.dataDir, ['outbox', 'retry', '--all'])
      await subject.start()
    },
  },
  {
    name: 'an older score is put off, and a newer one follows',
    inject: async ({ subject, langfuse, traffic, pause }) => {
      // Early, so that most sessions go on afterwards.
      await pause(100, 400)
      langfuse.always(({ kind }) =>
        kind === 'scores' ? { kind: 'status', status: 500 } : undefined,
      )
      // Closes what is open: their scores are refused, and put off for longer each time.
      await subject.stop()
      await subject.start()
      langfuse.always(undefined)
      // The sessions go on, are closed again, and have newer scores, which are due at once.
      await traffic
      await subject.stop()
      await subject.start()
    },
  },
  {
    name: 'the name of the host is not found, then it is',
    inject: async ({ subject, pause }) => {
      await subject.stop()
      await subject.start({ environment: { LANGFUSE_HOST: 'http://langfuse.invalid' } })
      await pause(300, 1000)
      await subject.kill()
      await subject.start()
    },
  },
]
