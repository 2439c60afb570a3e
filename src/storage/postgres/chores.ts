/** Chores that one replica does for all in a span of time: whoever writes its name down first. */
import type { Database } from './connection.ts'
import { isFree } from './replica.ts'

/** Spans of which it is remembered who did them. */
const KEPT_SPANS = 10

export interface Chore {
  readonly name: string
  /** Number of the span. */
  readonly bucket: number
}

/** Whether it is for this replica; also where another one began it and is gone. */
export async function beginChore(
  database: Database,
  { name, bucket }: Chore,
  self: number,
): Promise<boolean> {
  const taken = await database.run(
    `insert into chores (chore, bucket, owner) values ($1, $2, $3)
     on conflict (chore, bucket) do update set owner = excluded.owner
       where not chores.is_done and ${isFree('chores.owner', 'excluded.owner')}`,
    [name, bucket, self],
  )
  return taken > 0
}

export async function endChore(database: Database, { name, bucket }: Chore): Promise<void> {
  await database.run('update chores set is_done = true where chore = $1 and bucket = $2', [
    name,
    bucket,
  ])
  await database.run('delete from chores where chore = $1 and bucket < $2', [
    name,
    bucket - KEPT_SPANS,
  ])
}
