/** Whether the folder of the data can be written to, and has room. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fault, fine, type Finding, warning } from './finding.ts'

const TIGHT_BYTES = 1_000_000_000
const FULL_BYTES = 100_000_000

export function machineFindings(dataDir: string): readonly Finding[] {
  const folder = nearestFolder(dataDir)
  if (!isWritableFolder(folder)) {
    const what = `${folder} is no folder that can be written to`
    return [fault('data.folder', what, 'Make it yours, or set DATA_DIR to another folder')]
  }
  const { bavail, bsize } = statfsSync(folder)
  return [fine('data.folder', dataDir), roomFinding(folder, bavail * bsize)]
}

/** Bytes that are free to a user. */
export function roomFinding(folder: string, freeBytes: number): Finding {
  const id = 'data.room'
  const what = `${Math.round(freeBytes / 1_000_000)} MB are free at ${folder}`
  if (freeBytes < FULL_BYTES) return fault(id, what, 'Make room, or set DATA_DIR to another disk')
  if (freeBytes < TIGHT_BYTES) return warning(id, what, 'Make room, or shorten RETENTION_DAYS')
  return fine(id, what)
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** The folder, or the one it would be made in. */
function nearestFolder(folder: string): string {
  const parent = dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent)
}
