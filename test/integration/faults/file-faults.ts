/** What can happen to files that clients name. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import type { Fault } from './fault.ts'

export const fileFaults: readonly Fault[] = [
  {
    name: 'the file system of a repository hangs',
    inject: async ({ subject, moreTraffic, pause, expect }) => {
      const root = temporaryFolder()
      const fifo = join(root, 'fifo')
      const repository = join(root, 'repository')
      execFileSync('mkfifo', [fifo])
      mkdirSync(join(repository, '.git'), { recursive: true })
      writeFileSync(join(repository, '.git/HEAD'), 'ref: refs/heads/main\n')
      const environment = {
        NODE_OPTIONS: `--import=${join(import.meta.dirname, '../workspace/hanging-open.ts')}`,
        HANGING_FILE: join(repository, '.git/HEAD'),
        HANGING_FIFO: fifo,
      }
      await subject.stop()
      await subject.start({ environment })
      for (let hook = 0; hook < 10; hook += 1) {
        const body = {
          session_id: 'hung',
          hook_event_name: 'Stop',
          cwd: join(repository, `${hook}`),
        }
        const answer = await fetch(`${subject.url()}/hooks/claude-code`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        expect(answer.status === 200, `a hook from it is answered ${answer.status}`)
      }
      const traffic = moreTraffic()
      await pause(100, 900)
      const end = await subject.terminate()
      expect(
        end === 'SIGKILL',
        `a thread that hangs cannot be joined, and SIGTERM ended with ${end}`,
      )
      await subject.start()
      await traffic
      removeFolder(root)
    },
  },
]
