/** Commands of the product, run as a person would. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeClone } from '../clone.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { storeSettings } from '../store.ts'

const run = promisify(execFile)

/** Runs a command over a data folder; rejects when it fails. */
export async function runCommand(
  dataDir: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = temporaryFolder()
  try {
    const { stdout } = await run(process.execPath, [...makeClone(join(home, 'clone')), ...args], {
      cwd: dataDir,
      env: { PATH: process.env.PATH, HOME: home, ...settings, ...storeSettings(dataDir) },
    })
    return stdout
  } finally {
    removeFolder(home)
  }
}
