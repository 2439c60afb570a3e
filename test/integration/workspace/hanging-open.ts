/**
 * Loaded into a bridge before it starts: to open the file named in HANGING_FILE takes a thread of
 * Node's pool for good, as it does on a network file system whose server is gone. What hangs in
 * truth is a FIFO that nobody writes to, named in HANGING_FIFO.
 */
import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { HANGING_FILE, HANGING_FIFO = '' } = process.env
const { open } = promises
promises.open = (path, flags, mode) =>
  path === HANGING_FILE ? open(HANGING_FIFO, 'r') : open(path, flags, mode)
syncBuiltinESMExports()
