/** Counts that outlive a process, since the database was made. */
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'
import type { TotalsTable } from '../shared/schema.ts'

export interface Totals {
  get(name: TotalsTable['name']): number
  add(name: TotalsTable['name'], count: number): void
}

export function createTotals(connection: Connection): Totals {
  const { kysely } = connection
  const add = prepare(connection, (row: TotalsTable) =>
    kysely
      .insertInto('totals')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({
          value: eb('totals.value', '+', eb.ref('excluded.value')),
        })),
      ),
  )
  const read = prepare(connection, ({ name }: Pick<TotalsTable, 'name'>) =>
    kysely.selectFrom('totals').select('value').where('name', '=', name),
  )
  return {
    get: (name) => read.get({ name })?.value ?? 0,
    add: (name, value) => void add.run({ name, value }),
  }
}
