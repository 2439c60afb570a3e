/** Whether two clocks agree: events carry the time of the machine they happened on. Pure. */
import { bytesText } from '../domain/figure-text.ts'
import { fine, type Finding, warning, fault } from './finding.ts'
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** A Date header has whole seconds, and an answer takes its time. */
const TOLERANCE_MS = 30_000

/** Nothing is found when the other side told no time. */
export function clockFinding(
  id: string,
  whose: string,
  theirMs: number | undefined,
  ourMs: number,
): Finding[] {
  if (theirMs === undefined) return []
  const apartS = Math.round(Math.abs(theirMs - ourMs) / 1000)
  if (apartS * 1000 <= TOLERANCE_MS) return [fine(id, `the clock of ${whose} agrees`)]
  const what = `the clock of ${whose} is ${apartS} s ${theirMs > ourMs ? 'ahead' : 'behind'}`
  return [
    warning(id, what, 'Synchronize both machines with NTP: times in traces are off by that much'),
  ]
}

// Where this runs: in a container or in WSL, localhost is not the host's.

export type Surroundings = 'machine' | 'container' | 'wsl'

const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv']

export function surroundingsOf(
  variables: Readonly<Record<string, string | undefined>>,
): Surroundings {
  if (variables.WSL_DISTRO_NAME !== undefined) return 'wsl'
  return CONTAINER_MARKS.some((path) => existsSync(path)) ? 'container' : 'machine'
}

// Whether the folder of the data can be written to, and has room.

const TIGHT_BYTES = 1_000_000_000
const FULL_BYTES = 100_000_000

export function machineFindings(dataDir: string): readonly Finding[] {
  const folder = nearestFolder(dataDir)
  if (!isWritableFolder(folder)) {
    const what = `${folder} is not a writable folder`
    return [
      fault(
        'data.folder',
        what,
        'Make it writable for this user, or set DATA_DIR to another folder',
      ),
    ]
  }
  const { bavail, bsize } = statfsSync(folder)
  return [fine('data.folder', dataDir), roomFinding(folder, bavail * bsize)]
}

/** Bytes that are free to a user. */
export function roomFinding(folder: string, freeBytes: number): Finding {
  const id = 'data.room'
  const what = `${bytesText(freeBytes)} are free at ${folder}`
  if (freeBytes < FULL_BYTES)
    return fault(id, what, 'Free some space, or set DATA_DIR to another disk')
  if (freeBytes < TIGHT_BYTES) return warning(id, what, 'Free some space, or lower RETENTION_DAYS')
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
