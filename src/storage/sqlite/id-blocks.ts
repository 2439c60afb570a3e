/**
 * Ids that grow and are never given twice, not even after their row was deleted: reserved a block
 * at a time, so that giving one costs nothing. What is left of a block when the process ends is
 * never given.
 */
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'
import type { IdsTable } from './schema.ts'

const BLOCK = 10_000

export interface IdBlocks {
  /**
   * The next id, or the last of the next `count` in a row. Only inside a transaction: it may have
   * to reserve.
   */
  next(name: IdsTable['name'], count?: number): number
  /** After a rollback: the block may be void. */
  forget(): void
}

export function createIdBlocks(connection: Connection): IdBlocks {
  const blocks = new Map<IdsTable['name'], { next: number; last: number }>()
  const reserve = prepare(connection, (row: IdsTable) =>
    connection.kysely
      .insertInto('ids')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({
          reserved: eb('ids.reserved', '+', eb.ref('excluded.reserved')),
        })),
      )
      .returning('reserved'),
  )

  function newBlock(name: IdsTable['name'], size: number): { next: number; last: number } {
    const last = reserve.get({ name, reserved: size })?.reserved
    if (last === undefined) throw new Error(`no ids could be reserved for ${name}`)
    const block = { next: last - size + 1, last }
    blocks.set(name, block)
    return block
  }

  return {
    next: (name, count = 1) => {
      let block = blocks.get(name)
      if (block === undefined || block.next + count - 1 > block.last) {
        block = newBlock(name, Math.max(BLOCK, count))
      }
      block.next += count
      return block.next - 1
    },
    forget: () => blocks.clear(),
  }
}
