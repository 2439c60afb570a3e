/** Rows as a VALUES list with a parameter for each value. */
import type { Statements } from './connection.ts'

/** Below the 65535 parameters of a statement, for rows of up to thirty columns. */
const ROWS_PER_STATEMENT = 1000

export type Row = readonly unknown[]

/** `($1, $2), ($3, $4)`; the types, where given, are said of the first row and hold for all. */
export function valuesList(rows: readonly Row[], types?: readonly string[]): string {
  let parameter = 0
  return rows
    .map((row, at) => {
      const values = row.map((_, column) => {
        parameter += 1
        const type = at === 0 ? types?.[column] : undefined
        return type === undefined ? `$${parameter}` : `$${parameter}::${type}`
      })
      return `(${values.join(', ')})`
    })
    .join(', ')
}

/** Runs a statement over rows, some hundred at a time. Resolves to what it returns. */
export async function eachChunk<Returned extends object>(
  statements: Statements,
  rows: readonly Row[],
  text: (chunk: readonly Row[]) => string,
): Promise<readonly Returned[]> {
  const returned: Returned[] = []
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const chunk = rows.slice(from, from + ROWS_PER_STATEMENT)
    returned.push(...(await statements.query<Returned>(text(chunk), chunk.flat())))
  }
  return returned
}

/** Inserts rows of these columns. */
export async function insertRows(
  statements: Statements,
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
  conflict = '',
): Promise<void> {
  await eachChunk(
    statements,
    rows,
    (chunk) =>
      `insert into ${table} (${columns.join(', ')}) values ${valuesList(chunk)} ${conflict}`,
  )
}
