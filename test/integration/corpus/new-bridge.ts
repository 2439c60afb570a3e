/** What one test uses and nobody has to clean up. */
import { onTestFinished } from 'vitest'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './bridge.ts'

/** A folder of one test, removed when it is over. */
export function newFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

/** A bridge of one test, which ends it and removes its folder when it is over. */
export async function newBridge(more: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const bridge = await startBridge({ ...bridgeEnvironment(newFolder()), ...more })
  onTestFinished(() => bridge.stop())
  return bridge
}
