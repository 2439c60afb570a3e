/**
 * A turn's calls, tools, subagents and waiting on one scale of time, as a table: each row can be
 * read without its bar, and opens to what went in and came out. What failed can be reached at once,
 * tools that were used many times in a row are one row, and only rows near the reader are drawn.
 */
import { scaleLinear } from '@visx/scale'
import { Fragment, useEffect, useMemo, useRef, useState } from 'react'
import type { TurnHead, WaterfallItem } from '../../api/contract/turn.ts'
import {
  errorsOf,
  type ItemRow,
  problemOf,
  type Row,
  rowsOf,
  runFigures,
  runIdOf,
  type RunRow,
  saidBy,
  waitingOf,
} from '../../api/contract/turn-rows.ts'
import { formatCount, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { formatUsd } from '../format/usd.ts'
import { RowChunks } from './row-chunks.tsx'
import type { Sought } from './session-find.tsx'
import { Empty } from './state.tsx'
import { WaterfallDetail } from './waterfall-detail.tsx'

const MAX_INDENT = 6
const COLUMNS = 4
/** Errors that are listed one by one. */
const MAX_ERRORS = 10
/** Items of which a reader may want to find some. */
const MANY_ITEMS = 10

const KINDS: Readonly<Record<WaterfallItem['kind'], string>> = {
  call: 'model call',
  tool: 'tool',
  subagent: 'subagent',
  waiting: 'waiting',
  note: 'event',
}

export interface WaterfallProps {
  readonly sessionKey: string
  readonly turn: TurnHead
  readonly items: readonly WaterfallItem[]
  /** The item that the reader is led to, or the turn itself. */
  readonly sought: Sought | undefined
}

export function Waterfall({ sessionKey, turn, items, sought }: WaterfallProps) {
  const [openId, setOpenId] = useState<string>()
  const [openRuns, setOpenRuns] = useState<ReadonlySet<string>>(new Set())
  const [find, setFind] = useState('')
  const [target, setTarget] = useState<string>()
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (target === undefined) return
    // At once: gliding past thousands of rows would draw all of them.
    const row = frame.current?.querySelector('[data-target]')
    row?.scrollIntoView({ block: 'center', behavior: 'instant' })
  }, [target])
  const soughtItem = items.find(({ id }) => id === sought?.item)?.id
  const soughtRun = useMemo(
    () => (soughtItem === undefined ? undefined : runIdOf(items, soughtItem)),
    [items, soughtItem],
  )
  useEffect(() => {
    if (sought === undefined || soughtItem === undefined) return
    setFind('')
    if (soughtRun !== undefined) setOpenRuns((open) => new Set([...open, soughtRun]))
    setOpenId(soughtItem)
    setTarget(undefined)
    // Anew, also where it was led to before and the reader has gone elsewhere.
    const timer = setTimeout(() => setTarget(soughtItem))
    return () => clearTimeout(timer)
  }, [sought, soughtItem, soughtRun])
  if (items.length === 0) return <Empty>Only the prompt so far.</Empty>
  const rows = rowsOf(items, { find, openRuns })
  const startMs = items.reduce((least, item) => Math.min(least, item.startMs), turn.startMs)
  const endMs = items.reduce((greatest, item) => Math.max(greatest, item.endMs), turn.endMs)
  const percent = scaleLinear({ domain: [startMs, Math.max(endMs, startMs + 1)], range: [0, 100] })
  const wanted = rows.findIndex((row) => row.kind === 'item' && row.item.id === target)
  const goTo = (id: string): void => {
    setFind('')
    setOpenId(id)
    setTarget(id)
  }
  const toggleRun = ({ id, isOpen }: RunRow): void => {
    const next = new Set(openRuns)
    if (isOpen) next.delete(id)
    else next.add(id)
    setOpenRuns(next)
  }
  const rowElement = (row: Row) =>
    row.kind === 'run' ? (
      <RunRowView key={`run ${row.id}`} row={row} percent={percent} onToggle={toggleRun} />
    ) : (
      <Fragment key={row.item.id}>
        <ItemRowView
          row={row}
          percent={percent}
          isOpen={openId === row.item.id}
          isTarget={target === row.item.id}
          onToggle={(id) => setOpenId(openId === id ? undefined : id)}
        />
        {openId === row.item.id && (
          <tr>
            <td colSpan={COLUMNS}>
              <WaterfallDetail
                item={row.item}
                turnStartMs={startMs}
                turn={{ key: sessionKey, turn: turn.key }}
              />
            </td>
          </tr>
        )}
      </Fragment>
    )
  return (
    <>
      <Errors items={items} onChoose={goTo} />
      {items.length >= MANY_ITEMS && (
        <p className="find">
          <input
            type="search"
            value={find}
            aria-label="Find in this turn"
            placeholder="Find in this turn"
            onChange={({ currentTarget }) => setFind(currentTarget.value)}
          />{' '}
          {find !== '' && (
            <span className="faint" role="status">
              {formatCount(rows.length)} of {plural(items.length, 'row')}
            </span>
          )}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="table-frame" tabIndex={0} ref={frame}>
        <table className="waterfall" aria-rowcount={rows.length + 1}>
          <caption className="sr-only">What happened in this turn, by time</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="waterfall-scale">
                <span>{formatDuration(0)}</span>
                <span>{formatDuration(endMs - startMs)}</span>
              </th>
              <th scope="col" className="number">
                Length
              </th>
              <th scope="col" className="number">
                Cost
              </th>
            </tr>
          </thead>
          <RowChunks
            count={rows.length}
            columns={COLUMNS}
            rows={(from, to) => rows.slice(from, to).map(rowElement)}
            wanted={wanted < 0 ? undefined : wanted}
          />
        </table>
      </div>
    </>
  )
}

/** What failed, each a way to its row. */
function Errors({
  items,
  onChoose,
}: {
  readonly items: readonly WaterfallItem[]
  readonly onChoose: (id: string) => void
}) {
  const errors = errorsOf(items)
  if (errors.length === 0) return null
  return (
    <nav className="errors" aria-label="Errors of this turn">
      <span className="bad">{plural(errors.length, 'error')}</span>
      {errors.slice(0, MAX_ERRORS).map(({ id, name, summary, statusMessage }) => (
        <button
          key={id}
          type="button"
          title={statusMessage ?? undefined}
          onClick={() => onChoose(id)}
        >
          {name} <span className="summary">{summary ?? statusMessage}</span>
        </button>
      ))}
      {errors.length > MAX_ERRORS && (
        <span className="faint">and {formatCount(errors.length - MAX_ERRORS)} more</span>
      )}
    </nav>
  )
}

function ItemRowView({
  row: { item, depth },
  percent,
  isOpen,
  isTarget,
  onToggle,
}: {
  readonly row: ItemRow
  readonly percent: (ms: number) => number
  readonly isOpen: boolean
  readonly isTarget: boolean
  readonly onToggle: (id: string) => void
}) {
  const waiting = waitingOf(item)
  const said = saidBy(item)
  const problem = problemOf(item)
  return (
    <tr className={`level-${item.level}`} data-target={isTarget ? '' : undefined}>
      <td>
        <button
          type="button"
          className="waterfall-row"
          aria-expanded={isOpen}
          style={indented(depth)}
          onClick={() => onToggle(item.id)}
        >
          <span className="waterfall-name">
            <span className={`kind kind-${item.kind}`}>{KINDS[item.kind]}</span>
            {item.name}
          </span>
          {item.summary !== null && <span className="summary"> {item.summary}</span>}
          {said !== null && <span className="said"> {said}</span>}
          {problem !== null && <span className="said bad"> {problem}</span>}
          {item.level !== 'default' && <span className="sr-only"> ({item.level})</span>}
        </button>
      </td>
      <td className="waterfall-lane">
        <Span item={item} percent={percent} />
      </td>
      <td className="number">
        {item.endMs > item.startMs &&
          formatDuration(waiting?.workedMs ?? item.endMs - item.startMs)}
        {waiting !== null && (
          <span className="waited"> + {formatDuration(waiting.waitedMs)} waiting</span>
        )}
      </td>
      <td className="number">{costOf(item)}</td>
    </tr>
  )
}

/** A tool that was used many times in a row. */
function RunRowView({
  row,
  percent,
  onToggle,
}: {
  readonly row: RunRow
  readonly percent: (ms: number) => number
  readonly onToggle: (row: RunRow) => void
}) {
  const { items, depth, isOpen } = row
  const { name, tools, calls, workedMs, costUsd, subjects } = runFigures(row)
  return (
    <tr>
      <td>
        <button
          type="button"
          className="waterfall-row"
          aria-expanded={isOpen}
          style={indented(depth)}
          onClick={() => onToggle(row)}
        >
          <span className="waterfall-name">
            <span className="kind kind-tool">tool</span>
            {name} × {formatCount(tools)}
          </span>
          {calls > 0 && <span className="faint"> with {plural(calls, 'model call')}</span>}
          {!isOpen && subjects.length > 0 && (
            <span className="summary"> {subjects.join(' … ')}</span>
          )}
        </button>
      </td>
      <td className="waterfall-lane">
        <svg width="100%" height="14" aria-hidden="true">
          {items
            .filter(({ kind }) => kind === 'tool')
            .map((item) => (
              <Bar key={item.id} item={item} percent={percent} />
            ))}
        </svg>
      </td>
      <td className="number">{formatDuration(workedMs)}</td>
      <td className="number">{costUsd !== null && formatUsd(costUsd)}</td>
    </tr>
  )
}

function indented(depth: number) {
  return { paddingInlineStart: `${Math.min(depth, MAX_INDENT) * 16}px` }
}

/** A call without a price is not one that cost nothing. */
function costOf({ kind, level, costUsd, costSource }: WaterfallItem): string {
  if (costUsd === null) return kind === 'call' && level !== 'error' ? 'unknown' : ''
  return costSource === 'agent' ? formatUsd(costUsd) : `${formatUsd(costUsd)} (estimated)`
}

function Span({
  item,
  percent,
}: {
  readonly item: WaterfallItem
  readonly percent: (ms: number) => number
}) {
  const { startMs, endMs, ttftMs } = item
  const from = percent(startMs)
  const width = Math.max(percent(endMs) - from, 0)
  const idleMs = ttftMs ?? waitingOf(item)?.waitedMs ?? 0
  const wait = idleMs === 0 ? 0 : Math.min(percent(startMs + idleMs) - from, width)
  return (
    <svg width="100%" height="14" aria-hidden="true">
      <Bar item={item} percent={percent} />
      {wait > 0 && (
        <rect className="span-wait" x={`${from}%`} width={`${wait}%`} height="10" y="2" rx="2" />
      )}
    </svg>
  )
}

function Bar({
  item: { kind, level, startMs, endMs },
  percent,
}: {
  readonly item: WaterfallItem
  readonly percent: (ms: number) => number
}) {
  const from = percent(startMs)
  return (
    <rect
      className={`span span-${kind} span-${level}`}
      x={`${from}%`}
      style={{ width: `max(${Math.max(percent(endMs) - from, 0)}%, 2px)` }}
      height="10"
      y="2"
      rx="2"
    />
  )
}
