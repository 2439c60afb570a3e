/** What clients, and a person at the keyboard, can do. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { storeSettings } from '../store.ts'
import type { Fault } from './fault.ts'

export const clientFaults: readonly Fault[] = [
  {
    name: 'clients send everything twice, or half of it',
    repeatOneIn: 1,
    inject: async ({ subject, random, pause }) => {
      if (random.oneIn(2)) return
      await pause(100, 900)
      await subject.kill()
      await subject.start()
    },
  },
  {
    name: 'port in use',
    inject: async ({ subject, pause, expect }) => {
      await pause(0, 500)
      const port = new URL(subject.url() ?? 'http://127.0.0.1:1').port
      const second = join(subject.dataDir, 'second')
      mkdirSync(second)
      const refused = await subject.tryStart({
        environment: { OTLP_RECEIVER_PORT: port, ...storeSettings(second) },
      })
      const line = `claude-telemetry: Port ${port} on 127.0.0.1 is in use by another program.`
      expect(
        'stderr' in refused && refused.code === 1 && refused.stderr.startsWith(line),
        'a port in use was not refused with a line',
      )
    },
  },
]
