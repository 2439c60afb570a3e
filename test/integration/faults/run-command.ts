/** Commands of the product, run as a person would. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const entry = join(import.meta.dirname, '../../../src/main.ts')
const run = promisify(execFile)

/** Runs a command over a data folder; rejects when it fails. */
export async function runCommand(dataDir: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [entry, ...args], {
    cwd: dataDir,
    env: { PATH: process.env.PATH, DATA_DIR: dataDir },
  })
  return stdout
}
