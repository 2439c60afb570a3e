/** `migrate`: what a data folder holds, moved to PostgreSQL by the real command. */
import { expect, onTestFinished, test } from 'vitest'
import { openReader } from '../../../src/storage/beside.ts'
import { openPostgresReader } from '../../../src/storage/postgres/postgres-reader.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import { createHome } from '../cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { jsonRecordingNames, recording, replay } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { everyAnswer } from './every-answer.ts'

test('everything is there afterwards, and every report says the same', async () => {
  const database = await newTestDatabase()
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  for (const name of jsonRecordingNames) await replay(bridge.url, recording(name))
  await bridge.stop()

  const { code, stdout, stderr } = await createHome().start(['migrate', '--to', database.url], {
    DATA_DIR: dataDir,
  })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('counts and sums agree')
  const sqlite = await openReader({ dataDir })
  if (!sqlite.ok) throw new Error(sqlite.error)
  const postgres = await openPostgresReader(database.url)
  if (!postgres.ok) throw new Error(postgres.error)
  const nowMs = Date.now()
  const expected = await everyAnswer(sqlite.value, nowMs)
  const found = await everyAnswer(postgres.value, nowMs)
  await sqlite.value.close()
  await postgres.value.close()
  expect(found.size).toBe(expected.size)
  for (const [question, answer] of expected) {
    expect.soft(found.get(question), question).toEqual(answer)
  }
})
