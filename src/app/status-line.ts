/** The process of a status line: it starts several times a minute, and loads nothing else. */
import { homedir } from 'node:os'
import { readInput } from '../cli/statusline/read-input.ts'
import { runStatusLine, type StatusLineWish } from '../cli/statusline/run.ts'
import { CLONE_DIR } from './version.ts'

export async function showStatusLine(wish: StatusLineWish): Promise<void> {
  const line = await runStatusLine(wish, {
    environment: process.env,
    platform: {
      os: process.platform,
      homeDir: homedir(),
      workingDir: process.cwd(),
      ...(CLONE_DIR !== undefined && { cloneDir: CLONE_DIR }),
    },
    input: await readInput(process.stdin),
    nowMs: Date.now(),
  })
  process.stdout.write(`${line}\n`)
}
