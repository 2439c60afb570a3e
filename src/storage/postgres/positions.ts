/**
 * Positions of records and controls. They come from a sequence in blocks of a thousand, and are asked
 * for while a commit holds its sessions: so those of a session grow in the order of its commits.
 */
import type { Statements } from './connection.ts'

/** As the sequence is made; a batch has no more records than a block has positions. */
export const POSITIONS_PER_BLOCK = 1024

/** For each size the position of the last one of so many in a row, ascending. */
export async function takePositions(
  statements: Statements,
  sizes: readonly number[],
): Promise<readonly number[]> {
  if (sizes.length === 0) return []
  // Each size fits into a block: with the rest of a block unused, as many as in the worst case.
  let blocks = 1
  let left = POSITIONS_PER_BLOCK
  for (const size of sizes) {
    if (size > left) {
      blocks += 1
      left = POSITIONS_PER_BLOCK
    }
    left -= size
  }
  const ends = await statements.query<{ readonly last: number }>(
    `select nextval('positions') as last from generate_series(1, $1::integer)`,
    [blocks],
  )
  const taken = ends.map(({ last }) => last).sort((a, b) => a - b)
  let block = 0
  let next = (taken[0] ?? 0) - POSITIONS_PER_BLOCK
  return sizes.map((size) => {
    if (next + size > (taken[block] ?? 0)) {
      block += 1
      next = (taken[block] ?? 0) - POSITIONS_PER_BLOCK
    }
    next += size
    return next
  })
}
