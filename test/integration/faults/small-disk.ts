/** A file system of a few megabytes in memory, where the machine and the user allow it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Mounts it on the folder; throws when that is not allowed. */
export function mountSmallDisk(folder: string, bytes: number): void {
  run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder])
}

export function unmountSmallDisk(folder: string): void {
  run('umount', ['--lazy', folder])
}

let mountable: boolean | undefined

/** Whether the user may mount; tried once. */
export function canMount(): boolean {
  mountable ??= triedToMount()
  return mountable
}

function triedToMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-mount-'))
  try {
    mountSmallDisk(folder, 65_536)
    unmountSmallDisk(folder)
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'ignore' })
}
