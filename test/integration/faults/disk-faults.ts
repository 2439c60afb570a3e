/** What can happen to the data folder and its files. */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Fault, Scene } from './fault.ts'
import { healthWhen } from './health.ts'
import { canMount } from './small-disk.ts'
import { empty } from './subject.ts'

const databaseIn = (dataDir: string): string => join(dataDir, 'claude-telemetry.db')

/** Bytes of a block, as `ulimit -f` of a POSIX shell counts. */
const BLOCK = 512

/** Stops it with nothing left to deliver, spoils the database file, starts it again. */
async function spoil(scene: Scene, change: (bytes: Buffer) => Buffer): Promise<void> {
  const { subject, traffic, expect, moreTraffic } = scene
  await traffic
  expect((await empty(subject)) === 0, 'something was left before the damage')
  const path = databaseIn(subject.dataDir)
  writeFileSync(path, change(readFileSync(path)))
  await subject.start()
  expect(/damaged|no SQLite database/.test(subject.log()), 'nothing was said of the damage')
  const aside = readdirSync(subject.dataDir).some((file) => file.includes('.damaged-'))
  expect(aside, 'the damaged file was not kept')
  await moreTraffic()
}

export const diskFaults: readonly Fault[] = [
  {
    name: 'disk full (size limit)',
    inject: async ({ subject, random, traffic, pause }) => {
      await subject.stop()
      const blocks = (random.between(300, 900) * 1024) / BLOCK
      const launcher = ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh']
      await subject.start({ launcher })
      await Promise.race([traffic, pause(600, 1500)])
      if (random.oneIn(2)) await subject.kill()
      else await subject.stop()
      await subject.start()
    },
  },
  {
    name: 'disk full (a small file system)',
    diskBytes: 6_000_000,
    unavailable: () => (canMount() ? undefined : 'needs the right to mount'),
    inject: async ({ subject, random, traffic, pause }) => {
      const ballast = join(subject.dataDir, 'ballast')
      await pause(0, 600)
      fill(ballast)
      await Promise.race([traffic, pause(300, 1200)])
      if (random.oneIn(2)) await subject.kill()
      rmSync(ballast)
      if (subject.url() === undefined) await subject.start()
    },
  },
  {
    name: 'data folder read-only',
    asNobody: true,
    unavailable: () => (process.platform === 'win32' ? 'needs Unix permissions' : undefined),
    inject: async ({ subject, pause, expect }) => {
      await pause(100, 900)
      await subject.kill()
      const files = readdirSync(subject.dataDir).map((file) => join(subject.dataDir, file))
      for (const file of files) chmodSync(file, 0o400)
      chmodSync(subject.dataDir, 0o500)
      const refused = await subject.tryStart()
      expect('stderr' in refused && refused.code === 1, 'it started on a read-only folder')
      expect(
        'stderr' in refused && /^claude-telemetry: .*DATA_DIR.*\n$/.test(refused.stderr),
        `a read-only folder: ${'stderr' in refused ? refused.stderr : ''}`,
      )
      chmodSync(subject.dataDir, 0o700)
      for (const file of files) chmodSync(file, 0o600)
      await subject.start()
    },
  },
  {
    name: 'a second bridge on the same folder',
    inject: async ({ subject, pause, expect }) => {
      await pause(0, 600)
      const refused = await subject.tryStart()
      expect(
        'stderr' in refused && refused.code === 1 && refused.stderr.includes('in use by another'),
        'a second bridge was not refused',
      )
    },
  },
  {
    name: 'database locked by another program',
    inject: async ({ subject, random, pause, expect }) => {
      await pause(0, 500)
      if (random.oneIn(2)) await subject.kill()
      const other = new Database(databaseIn(subject.dataDir))
      other.exec('begin immediate')
      if (subject.url() === undefined) {
        const refused = await subject.tryStart()
        expect('stderr' in refused && refused.code === 1, 'it started on a locked database')
      } else {
        // The clients go on: the first commit that fails says it.
        const { code, status } = await healthWhen(subject, (health) => health.code === 503, pause)
        expect(code === 503 && status === 'unavailable', `health while locked: ${code} ${status}`)
      }
      other.exec('rollback')
      other.close()
      if (subject.url() === undefined) await subject.start()
      const { code, status } = await healthWhen(subject, (health) => health.code === 200, pause)
      expect(code === 200 && status === 'ok', `health once unlocked: ${code} ${status}`)
    },
  },
  {
    name: 'database damaged: its middle overwritten',
    inject: (scene) =>
      spoil(scene, (bytes) => bytes.fill(0xa5, 8192, Math.max(8192 * 2, bytes.length / 2))),
  },
  {
    name: 'database damaged: its end cut off',
    inject: (scene) => spoil(scene, (bytes) => bytes.subarray(0, bytes.length / 2)),
  },
  {
    name: 'database replaced by something else',
    inject: (scene) => spoil(scene, () => Buffer.from('Dear diary, '.repeat(1000))),
  },
  {
    name: 'write-ahead log left behind, its index gone',
    inject: async ({ subject, pause }) => {
      await pause(200, 900)
      await subject.kill()
      rmSync(`${databaseIn(subject.dataDir)}-shm`, { force: true })
      await subject.start()
    },
  },
]

/** Writes until there is no room left. */
function fill(path: string): void {
  const chunk = Buffer.alloc(4096)
  try {
    for (;;) writeFileSync(path, chunk, { flag: 'a' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
