/**
 * A turn's calls, tools, subagents and waiting on one scale of time, as a table: each row can be
 * read without its bar, and opens to what went in and came out.
 */
import { scaleLinear } from '@visx/scale'
import { Fragment, useState } from 'react'
import type { TurnHead, WaterfallItem } from '../../api/contract/turn.ts'
import { formatDuration } from '../format/duration.ts'
import { formatUsd } from '../format/usd.ts'
import { Empty } from './state.tsx'
import { WaterfallDetail } from './waterfall-detail.tsx'

const MAX_INDENT = 6

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
}

export function Waterfall({ sessionKey, turn, items }: WaterfallProps) {
  const [openId, setOpenId] = useState<string>()
  if (items.length === 0) return <Empty>Only the prompt so far.</Empty>
  const rows = nested(items)
  const startMs = items.reduce((least, item) => Math.min(least, item.startMs), turn.startMs)
  const endMs = items.reduce((greatest, item) => Math.max(greatest, item.endMs), turn.endMs)
  const percent = scaleLinear({ domain: [startMs, Math.max(endMs, startMs + 1)], range: [0, 100] })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="table-frame" tabIndex={0}>
      <table className="waterfall">
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
        <tbody>
          {rows.map(({ item, depth }) => (
            <Fragment key={item.id}>
              <tr className={`level-${item.level}`}>
                <td>
                  <button
                    type="button"
                    className="waterfall-name"
                    aria-expanded={openId === item.id}
                    style={{ paddingInlineStart: `${Math.min(depth, MAX_INDENT) * 16}px` }}
                    onClick={() => setOpenId(openId === item.id ? undefined : item.id)}
                  >
                    <span className={`kind kind-${item.kind}`}>{KINDS[item.kind]}</span>
                    {item.name}
                    {item.summary !== null && <span className="summary">{item.summary}</span>}
                    {item.level !== 'default' && <span className="sr-only"> ({item.level})</span>}
                  </button>
                </td>
                <td className="waterfall-lane">
                  <Span item={item} percent={percent} />
                </td>
                <td className="number">
                  {item.endMs > item.startMs ? formatDuration(item.endMs - item.startMs) : ''}
                </td>
                <td className="number">{costOf(item)}</td>
              </tr>
              {openId === item.id && (
                <tr>
                  <td colSpan={4}>
                    <WaterfallDetail
                      item={item}
                      turnStartMs={startMs}
                      turn={{ key: sessionKey, turn: turn.key }}
                    />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
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
  const { kind, level, startMs, endMs, ttftMs } = item
  const from = percent(startMs)
  const width = Math.max(percent(endMs) - from, 0)
  const wait = ttftMs === null ? 0 : Math.min(percent(startMs + ttftMs) - from, width)
  return (
    <svg width="100%" height="14" aria-hidden="true">
      <rect
        className={`span span-${kind} span-${level}`}
        x={`${from}%`}
        style={{ width: `max(${width}%, 2px)` }}
        height="10"
        y="2"
        rx="2"
      />
      {wait > 0 && (
        <rect className="span-wait" x={`${from}%`} width={`${wait}%`} height="10" y="2" rx="2" />
      )}
    </svg>
  )
}

interface Row {
  readonly item: WaterfallItem
  readonly depth: number
}

/** Children below their parents, each level by its start; what names no known parent is on top. */
function nested(items: readonly WaterfallItem[]): readonly Row[] {
  const ids = new Set(items.map(({ id }) => id))
  const byParent = Map.groupBy(items, ({ id, parentId }) =>
    parentId !== null && parentId !== id && ids.has(parentId) ? parentId : null,
  )
  const rows: Row[] = []
  const add = (parentId: string | null, depth: number): void => {
    const children = byParent.get(parentId) ?? []
    for (const item of children.toSorted((a, b) => a.startMs - b.startMs)) {
      rows.push({ item, depth })
      add(item.id, depth + 1)
    }
  }
  add(null, 0)
  return rows
}
