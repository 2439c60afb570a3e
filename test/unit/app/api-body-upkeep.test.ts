/** Raw API bodies that the agent wrote into the data folder. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createApiBodyUpkeep } from '../../../src/app/api-body-upkeep.ts'
import type { LogMethod } from '../../../src/observability/logger.ts'
import { countApiBodies, removeApiBodies } from '../../../src/storage/api-bodies.ts'
import { createManualClock } from '../manual-clock.ts'

const NOW_MS = 1_795_000_000_000
const HOUR_MS = 3_600_000

function dataFolder(): { readonly dataDir: string; readonly bodies: string } {
  const dataDir = mkdtempSync(join(tmpdir(), 'bodies-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  return { dataDir, bodies: join(dataDir, 'api-bodies') }
}

function writeBody(path: string, writtenMs = NOW_MS): void {
  writeFileSync(path, '{"messages":[]}')
  utimesSync(path, writtenMs / 1000, writtenMs / 1000)
}

test('the bridge deletes those that are older than a day, at its start and every hour', async () => {
  const { dataDir, bodies } = dataFolder()
  mkdirSync(bodies)
  writeBody(join(bodies, 'old'), NOW_MS - 25 * HOUR_MS)
  writeBody(join(bodies, 'late'), NOW_MS - 22.5 * HOUR_MS)
  writeBody(join(bodies, 'new'))
  const clock = createManualClock(NOW_MS)
  const say = vi.fn<LogMethod>()
  const error = vi.fn<LogMethod>()
  const log = { debug: say, info: say, warn: say, error }
  const upkeep = createApiBodyUpkeep(dataDir, clock, log)
  const left = () => readdirSync(bodies).sort()
  upkeep.start()
  await expect.poll(left, { timeout: 20_000 }).toEqual(['late', 'new'])
  await expect.poll(() => clock.pendingTimers(), { timeout: 20_000 }).toBe(1)
  await clock.advance(2 * HOUR_MS)
  await expect
    .poll(() => clock.advance(HOUR_MS / 4).then(left), { timeout: 20_000 })
    .toEqual(['new'])
  await upkeep.stop()
  expect(clock.pendingTimers()).toBe(0)
  expect(error).not.toHaveBeenCalled()
})

test('folders and links in the folder are left alone, and what they lead to', async () => {
  const { dataDir, bodies } = dataFolder()
  mkdirSync(join(bodies, 'folder'), { recursive: true })
  writeBody(join(bodies, 'folder', 'inner'))
  writeBody(join(dataDir, 'outside'))
  symlinkSync(join(dataDir, 'outside'), join(bodies, 'link'))
  writeBody(join(bodies, 'body'))
  expect(await countApiBodies(dataDir)).toBe(1)
  expect(await removeApiBodies(dataDir)).toBe(1)
  expect(readdirSync(bodies).sort()).toEqual(['folder', 'link'])
  expect(readdirSync(join(bodies, 'folder'))).toEqual(['inner'])
  expect(readdirSync(dataDir).sort()).toEqual(['api-bodies', 'outside'])
})

test('a link in place of the folder is not followed', async () => {
  const { dataDir, bodies } = dataFolder()
  const elsewhere = dataFolder().dataDir
  writeBody(join(elsewhere, 'mine'))
  symlinkSync(elsewhere, bodies)
  expect(await countApiBodies(dataDir)).toBe(0)
  expect(await removeApiBodies(dataDir)).toBe(0)
  expect(readdirSync(elsewhere)).toEqual(['mine'])
})

test('no folder is no error', async () => {
  expect(await removeApiBodies(dataFolder().dataDir)).toBe(0)
})
