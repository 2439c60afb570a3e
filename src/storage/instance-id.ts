/**
 * Which data folder this is: a random id in a file of its own, which the bridge tells and commands
 * compare, so that a command is not answered by the bridge of another folder. It stands for the
 * folder without giving its path away.
 *
 * The file says its own inode, too: in a folder that was copied it is another one, and the copy gets
 * an id of its own.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import type { DataFolder } from './data-folder.ts'

const FILE_MODE = 0o600
const CONTENT = /^([0-9a-f-]{36}) (\d+)\n$/

/** For the holder of the folder's lock: the id, which is made when there is none. */
export function keepInstanceId({ instancePath }: DataFolder): string {
  const known = read(instancePath)
  if (known !== undefined && known.writtenInode === known.inode) return known.id
  const id = randomUUID()
  try {
    write(instancePath, id)
  } catch {
    // A disk that is full, say: records matter more. Nobody can compare the id then.
  }
  return id
}

function write(path: string, id: string): void {
  rmSync(path, { force: true })
  const file = openSync(path, 'wx', FILE_MODE)
  try {
    writeSync(file, `${id} ${fstatSync(file).ino}\n`)
  } finally {
    closeSync(file)
  }
}

/** For a program beside the bridge; undefined when there is none, or it may not be read. */
export function readInstanceId({ instancePath }: DataFolder): string | undefined {
  return read(instancePath)?.id
}

interface Stored {
  readonly id: string
  readonly writtenInode: number
  readonly inode: number
}

function read(path: string): Stored | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      const [, id = '', inode = ''] = CONTENT.exec(readFileSync(file, 'latin1')) ?? []
      if (id === '') return undefined
      return { id, writtenInode: Number(inode), inode: fstatSync(file).ino }
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}
