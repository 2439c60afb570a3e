/**
 * Positions of records and controls. They come from a sequence in blocks of a thousand, and are asked
 * for while a commit holds its sessions: so those of a session grow in the order of its commits.
 *
 * Those of different sessions do not: a commit may become visible after one with higher positions.
 * Whoever reads on from where it was must not go beyond what may still come. So a commit holds, from
 * before it takes positions to its end, a shared advisory lock whose key is the last block taken before:
 * it waits for nobody, and `settledPosition` reads from the locks that are held how far nothing can come.
 */
import type { Statements } from './connection.ts'

/** As the sequence is made; a batch has no more records than a block has positions. */
export const POSITIONS_PER_BLOCK = 1024

/** The first of the advisory locks of commits that take positions; no other lock has such a number. */
const TAKING_LOCKS = 0x4000_0000_0000_0000n
/** As `pg_locks` shows it, and how many there are of it: positions stay below 2^53. */
const TAKING_CLASS = 0x4000_0000
const TAKING_CLASSES = 0x800
/** Before the first one is taken the sequence shows where it will begin. */
const LAST_TAKEN = 'case when is_called then last_value else 0 end'

/**
 * Up to here every position is either visible to statements that begin now, or never used. Asks the
 * server that commits go to: a replica of it has no locks of theirs.
 */
export async function settledPosition(statements: Statements): Promise<number> {
  // In this order: what takes positions between the two statements takes higher ones.
  const [edge] = await statements.query<{ readonly last: number }>(
    `select ${LAST_TAKEN} as last from positions`,
  )
  const [held] = await statements.query<{ readonly last: number | null }>(
    `select min(((classid::bigint - ${TAKING_CLASS}) << 32) + objid::bigint)
       * ${POSITIONS_PER_BLOCK} as last
     from pg_locks
     where locktype = 'advisory' and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and classid::bigint between ${TAKING_CLASS} and ${TAKING_CLASS + TAKING_CLASSES - 1}`,
  )
  return Math.min(edge?.last ?? 0, held?.last ?? Number.POSITIVE_INFINITY)
}

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
  // A row of the result needs the lock's row, so the lock is held before a position is taken.
  const ends = await statements.query<{ readonly last: number }>(
    `with held as materialized (
       select pg_advisory_xact_lock_shared(${TAKING_LOCKS} + ${LAST_TAKEN} / ${POSITIONS_PER_BLOCK})
       from positions)
     select nextval('positions') as last from held, generate_series(1, $1::integer)`,
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
