/** Damage to bytes, which for protobuf is damage to lengths, tags and values alike. */
import type { Random } from './random.ts'

const MAX_FLIPS = 8
const HOSTILE_BYTES = [
  Buffer.alloc(12, 0xff),
  Buffer.alloc(500, 0x0b),
  Buffer.alloc(2000, Buffer.from([0x12, 0x00])),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]),
  Buffer.from([0x00]),
  Buffer.from('{"resourceLogs":[]}'),
]

/** A damaged copy. */
export function mutatedBytes(whole: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(whole)
  const at = random.below(bytes.length)
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), random.pick(HOSTILE_BYTES), bytes.subarray(at)])
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))])
    case 3:
      return Buffer.concat(Array.from({ length: 1 + random.below(20) }, () => bytes))
    default:
      for (let flip = random.below(MAX_FLIPS); flip >= 0; flip -= 1) {
        const i = random.below(bytes.length)
        bytes[i] = (bytes[i] ?? 0) ^ (1 << random.below(8))
      }
      return bytes
  }
}
