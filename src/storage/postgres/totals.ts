/** Counts that outlive a process, since the database was made. */
import type { Statements } from './connection.ts'
import type { TotalsTable } from '../shared/schema.ts'

export async function addToTotal(
  statements: Statements,
  name: TotalsTable['name'],
  count: number,
): Promise<void> {
  if (count === 0) return
  await statements.run(
    `insert into totals (name, value) values ($1, $2)
     on conflict (name) do update set value = totals.value + excluded.value`,
    [name, count],
  )
}

export async function totalOf(statements: Statements, name: TotalsTable['name']): Promise<number> {
  const [row] = await statements.query<{ readonly value: number }>(
    'select value from totals where name = $1',
    [name],
  )
  return row?.value ?? 0
}
