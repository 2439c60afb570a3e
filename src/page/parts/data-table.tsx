/** A table from rows and columns. Wide ones scroll within their own frame. */
import { type ReactNode, useState } from 'react'
import { plural } from '../format/count.ts'

export interface Column<T> {
  readonly name: string
  readonly cell: (row: T) => ReactNode
  /** Numbers stand to the right. */
  readonly isNumber?: boolean
  /** Left out where there is little room. */
  readonly isMinor?: boolean
  /** In place of the name, e.g. a button that sorts. */
  readonly head?: ReactNode
  readonly sorted?: 'ascending' | 'descending' | undefined
}

export interface DataTableProps<T> {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T, index: number) => string | number
  /** So many at first, the others behind a button; without it all. */
  readonly shown?: number
}

export function DataTable<T>({ caption, columns, rows, keyOf, shown }: DataTableProps<T>) {
  const [isWhole, setWhole] = useState(false)
  // A button for one more row takes the room of that row.
  const isCut = shown !== undefined && !isWhole && rows.length > shown + 1
  const listed = isCut ? rows.slice(0, shown) : rows
  return (
    <>
      {/** biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="table-frame" tabIndex={0}>
        <table>
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  className={classOf(column)}
                  aria-sort={column.sorted}
                >
                  {column.head ?? column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listed.map((row, index) => (
              <tr key={keyOf(row, index)}>
                {columns.map((column) => (
                  <td key={column.name} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p className="more">
          <button type="button" className="quiet" onClick={() => setWhole(true)}>
            Show {plural(rows.length - listed.length, 'more row')}
          </button>
        </p>
      )}
    </>
  )
}

function classOf({ isNumber = false, isMinor = false }: Column<never>): string {
  return [isNumber ? 'number' : '', isMinor ? 'minor' : ''].join(' ').trim()
}
