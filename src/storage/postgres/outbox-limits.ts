/**
 * The bounds of the outbox, so that a server that never comes back does not fill the disk.
 *
 * Age: what has waited longer is put aside as dead, with the reason, and can be retried by command.
 * Size: what is beyond it is deleted, dead items first, then the oldest; the records behind it stay.
 */
import type { OutboxBounds } from '../store.ts'
import type { Statements } from './connection.ts'
import { discardItems, dropDead, removeUnneeded } from './outbox-rows.ts'
import { addToTotal } from './totals.ts'

const ITEMS_PER_SLICE = 200
const DAY_MS = 86_400_000

interface ItemBytes {
  readonly id: number
  readonly bytes: number
}

/** One slice; `more` while another may be needed. */
export async function boundOutbox(
  statements: Statements,
  bounds: OutboxBounds,
  nowMs: number,
): Promise<{ readonly expired: number; readonly dropped: number; readonly more: boolean }> {
  const expired = await expireOld(statements, bounds, nowMs)
  const dropped = await dropExcess(statements, bounds)
  await addToTotal(statements, 'outbox_dropped', dropped)
  return { expired, dropped, more: expired + dropped > 0 }
}

async function expireOld(
  statements: Statements,
  { maxAgeMs }: OutboxBounds,
  nowMs: number,
): Promise<number> {
  if (maxAgeMs === 0) return 0
  const days = Math.round(maxAgeMs / DAY_MS)
  return statements.run(
    `update outbox_deliveries d set state = 'dead', reason = $2
     from (select p.exporter, p.outbox_id from outbox_deliveries p
             join outbox o on o.id = p.outbox_id
           where p.state = 'pending' and o.created_ms < $1
           order by p.outbox_id limit ${ITEMS_PER_SLICE} for update of p skip locked) old
     where d.exporter = old.exporter and d.outbox_id = old.outbox_id`,
    [nowMs - maxAgeMs, `waited longer than OUTBOX_MAX_AGE_DAYS (${days})`],
  )
}

/** What is dead goes first, though an item frees nothing while another exporter waits for it. */
async function dropExcess(statements: Statements, { maxBytes }: OutboxBounds): Promise<number> {
  if (maxBytes === 0) return 0
  const [sum] = await statements.query<{ readonly bytes: number }>(
    'select coalesce(sum(bytes), 0) as bytes from outbox',
  )
  let excess = (sum?.bytes ?? 0) - maxBytes
  if (excess <= 0) return 0
  const dead = await statements.query<ItemBytes & { readonly is_needed: boolean }>(
    `select o.id, o.bytes, exists (select 1 from outbox_deliveries d
       where d.outbox_id = o.id and d.state = 'pending') as is_needed
     from outbox o where o.id in (
       select outbox_id from outbox_deliveries where state = 'dead')
     order by o.id limit ${ITEMS_PER_SLICE}`,
  )
  const oldest = dead.length > 0 ? [] : await oldestItems(statements)
  const ids: number[] = []
  for (const item of dead.length > 0 ? dead : oldest) {
    if (excess <= 0) break
    ids.push(item.id)
    if (!('is_needed' in item && item.is_needed === true)) excess -= item.bytes
  }
  if (dead.length > 0) return dropDead(statements, ids)
  return discardItems(statements, ids)
}

function oldestItems(statements: Statements): Promise<readonly ItemBytes[]> {
  return statements.query(`select id, bytes from outbox order by id limit ${ITEMS_PER_SLICE}`)
}

/** Items that no exporter needs, because one was taken out of the configuration. Whether there are more. */
export async function sweepLeftovers(statements: Statements): Promise<boolean> {
  const rows = await statements.query<{ readonly id: number }>(
    `select id from outbox o
     where not exists (select 1 from outbox_deliveries d where d.outbox_id = o.id)
     order by id limit ${ITEMS_PER_SLICE} for update skip locked`,
  )
  if (rows.length === 0) return false
  await removeUnneeded(
    statements,
    rows.map(({ id }) => id),
  )
  return rows.length === ITEMS_PER_SLICE
}
