/**
 * JSON as an engine keeps it where it is only ever read back whole: records, states, payloads.
 * Compressed from a size on at which that pays; the first bytes say whether it was, since no JSON
 * begins like a Zstandard frame.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Below it a frame saves little, and compressing costs as much as for more. */
const LEAST_CHARS = 256
/** RFC 8878: how every Zstandard frame begins. */
const FRAME_MAGIC = 0xfd2fb528
/** The fastest of the usual levels: telemetry repeats its keys, which any level finds. */
const LEVEL = 1
const options = { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } }

/** JSON text as it is stored. */
export function packJson(text: string): Buffer {
  return text.length < LEAST_CHARS ? Buffer.from(text) : zstdCompressSync(text, options)
}

/** The JSON text; empty where the bytes are damaged, which is then no JSON either. */
export function readJson(packed: Buffer): string {
  try {
    return unpackJson(packed)
  } catch {
    return ''
  }
}

/** The JSON text; throws where the bytes are damaged. */
export function unpackJson(packed: Buffer): string {
  const isFrame = packed.length >= 4 && packed.readUInt32LE(0) === FRAME_MAGIC
  return (isFrame ? zstdDecompressSync(packed) : packed).toString('utf8')
}
