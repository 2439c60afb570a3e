/**
 * Rows of a long table, drawn only near where the reader is: they stand in bodies of a hundred, and one that
 * is far away is a single empty row of its height. Short tables are drawn whole.
 */
import { type ReactNode, useEffect, useRef, useState } from 'react'

const CHUNK = 100
/** Height of a row that was never drawn, in pixels. */
const USUAL_HEIGHT = 31

export interface RowChunksProps {
  readonly count: number
  readonly columns: number
  /** The rows from one to another. */
  readonly rows: (from: number, to: number) => ReactNode
  /** A row that is drawn wherever the reader is. */
  readonly wanted: number | undefined
}

export function RowChunks({ count, columns, rows, wanted }: RowChunksProps) {
  if (count <= 2 * CHUNK) return <tbody>{rows(0, count)}</tbody>
  return Array.from({ length: Math.ceil(count / CHUNK) }, (_, index) => {
    const from = index * CHUNK
    const to = Math.min(count, from + CHUNK)
    const isWanted = wanted !== undefined && wanted >= from && wanted < to
    return (
      <Chunk
        key={from}
        count={to - from}
        columns={columns}
        isWanted={isWanted}
        isFirst={from === 0}
      >
        {() => rows(from, to)}
      </Chunk>
    )
  })
}

function Chunk({
  count,
  columns,
  isWanted,
  isFirst,
  children,
}: {
  readonly count: number
  readonly columns: number
  readonly isWanted: boolean
  readonly isFirst: boolean
  readonly children: () => ReactNode
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [isNear, setNear] = useState(isFirst)
  const [height, setHeight] = useState(count * USUAL_HEIGHT)
  const isDrawn = isNear || isWanted
  useEffect(() => {
    const element = body.current
    if (element === null) return undefined
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return
        if (!entry.isIntersecting) setHeight(element.offsetHeight)
        setNear(entry.isIntersecting)
      },
      { rootMargin: '1000px 0px' },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <tbody ref={body}>
      {isDrawn ? (
        children()
      ) : (
        <tr className="far-rows">
          <td colSpan={columns} style={{ height: `${height}px` }} />
        </tr>
      )}
    </tbody>
  )
}
