/** The online backup that docs/deploy/backup.md describes, of a bridge in use. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { post, turn } from './cli/telemetry.ts'
import { recording, replay } from './corpus/recording.ts'

test('a copy taken while records come in is a whole store', async () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()]
  onTestFinished(() => {
    removeFolder(from)
    removeFolder(to)
  })
  const bridge = await startBridge(bridgeEnvironment(from))
  onTestFinished(() => bridge.stop())
  await replay(bridge.url, recording('tools'))
  // What `.backup` of the shell does.
  const database = new Database(join(from, 'claude-telemetry.db'), { readonly: true })
  const backup = database.backup(join(to, 'claude-telemetry.db'))
  for (let n = 0; n < 20; n += 1) await post(bridge.url, [{ id: `s${n}`, events: turn('x', 0.1) }])
  await backup
  database.close()
  const copy = new Database(join(to, 'claude-telemetry.db'))
  expect(copy.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  copy.close()
  const restored = await startBridge(bridgeEnvironment(to))
  onTestFinished(() => restored.stop())
  const [sessionId = ''] = Object.keys(recording('tools').truth)
  const path = `/api/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`
  const [original, copied] = await Promise.all(
    [bridge, restored].map(async ({ url }) => {
      const { models, reconciliation } = (await (await fetch(`${url}${path}`)).json()) as Record<
        string,
        unknown
      >
      return { models, reconciliation }
    }),
  )
  expect(copied).toEqual(original)
  // It knows what it has: the same records again count once.
  await replay(restored.url, recording('tools'))
  expect(await (await fetch(`${restored.url}${path}`)).json()).toMatchObject(original ?? {})
})
