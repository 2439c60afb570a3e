/**
 * Bars over time, stacked by series. What the pointer or the arrow keys are on is read out above
 * the bars; the same figures stand in a table behind the button of `ChartPanel`.
 */
import { AxisBottom, AxisLeft } from '@visx/axis'
import { scaleBand, scaleLinear, scaleOrdinal } from '@visx/scale'
import { BarStack } from '@visx/shape'
import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { seriesColour } from '../palette.ts'
import { useWidth } from '../use-width.ts'
import type { Bar } from './bar.ts'
import { Legend } from './legend.tsx'

export interface StackedBarsProps {
  readonly label: string
  readonly bars: readonly Bar[]
  readonly series: readonly string[]
  readonly format: (value: number) => string
  /** Bars were selected, by their places: the first and the last. */
  readonly onSelect?: (from: number, to: number) => void
}

const HEIGHT = 220
const MARGIN = { top: 8, right: 4, bottom: 24, left: 52 }
const LABEL_WIDTH = 56

export function StackedBars({ label, bars, series, format, onSelect }: StackedBarsProps) {
  const [ref, width] = useWidth()
  const [current, setCurrent] = useState<number>()
  /** Where a selection began. */
  const [anchor, setAnchor] = useState<number>()
  const innerWidth = Math.max(width - MARGIN.left - MARGIN.right, 10)
  const innerHeight = HEIGHT - MARGIN.top - MARGIN.bottom
  const most = Math.max(...bars.map((bar) => sumOf(bar)), 0)
  const x = scaleBand({ domain: bars.map(({ id }) => id), range: [0, innerWidth], padding: 0.2 })
  const y = scaleLinear({ domain: [0, most || 1], range: [innerHeight, 0], nice: true })
  const colour = scaleOrdinal({
    domain: [...series],
    range: series.map((_, index) => seriesColour(index)),
  })
  const labels = new Map(bars.map(({ id, label: text }) => [id, text]))
  const everyNth = Math.ceil((bars.length * LABEL_WIDTH) / innerWidth)
  const selection = selected(bars, current, anchor)
  const shown = selection && together(bars, selection)

  const placeOf = ({ clientX, currentTarget }: PointerEvent<SVGSVGElement>): number | undefined => {
    const offset = clientX - currentTarget.getBoundingClientRect().left - MARGIN.left
    const index = Math.floor((offset / innerWidth) * bars.length)
    return index >= 0 && index < bars.length ? index : undefined
  }
  const select = ({ from, to }: Selection): void => {
    setAnchor(undefined)
    setCurrent(undefined)
    onSelect?.(from, to)
  }
  const press = (event: PointerEvent<SVGSVGElement>): void => {
    if (onSelect === undefined || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setAnchor(placeOf(event))
  }
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const index = placeOf(event)
    // A selection goes on to the last bar that the pointer was on.
    if (index !== undefined || anchor === undefined) setCurrent(index)
  }
  const release = (): void => {
    if (anchor === undefined) return
    // A click alone selects nothing: it may be a touch that reads a bar.
    if (selection !== undefined && selection.from < selection.to) select(selection)
    else setAnchor(undefined)
  }
  const step = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && selection !== undefined && onSelect !== undefined)
      select(selection)
    if (event.key === 'Escape') setAnchor(undefined)
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setAnchor(event.shiftKey && onSelect !== undefined ? (anchor ?? current) : undefined)
    setCurrent((index) => Math.min(Math.max((index ?? bars.length) + by, 0), bars.length - 1))
  }

  return (
    <div className="chart" ref={ref}>
      <Legend series={series} bar={shown} bars={bars} format={format} />
      {/** biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys go from bar to bar */}
      <div className="chart-frame" role="img" aria-label={label} tabIndex={0} onKeyDown={step}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            aria-hidden="true"
            onPointerDown={press}
            onPointerMove={point}
            onPointerUp={release}
            onPointerCancel={() => setAnchor(undefined)}
            onPointerLeave={() => setCurrent(undefined)}
          >
            <g transform={`translate(${MARGIN.left},${MARGIN.top})`}>
              {y.ticks(4).map((tick) => (
                <line key={tick} className="grid" x2={innerWidth} y1={y(tick)} y2={y(tick)} />
              ))}
              {selection !== undefined && (
                <rect
                  className="cursor"
                  x={(x(bars[selection.from]?.id ?? '') ?? 0) - (x.step() * x.padding()) / 2}
                  width={x.step() * (selection.to - selection.from + 1)}
                  height={innerHeight}
                />
              )}
              <BarStack
                data={[...bars]}
                keys={[...series]}
                x={({ id }) => id}
                value={({ values }, key) => values[key] ?? 0}
                xScale={x}
                yScale={y}
                color={colour}
              />
              <AxisLeft
                scale={y}
                numTicks={4}
                hideAxisLine
                hideTicks
                tickFormat={(value) => format(Number(value))}
                tickLabelProps={{ className: 'tick', textAnchor: 'end', dx: -4, dy: 4 }}
              />
              <AxisBottom
                scale={x}
                top={innerHeight}
                hideTicks
                axisLineClassName="axis"
                tickValues={bars.filter((_, index) => index % everyNth === 0).map(({ id }) => id)}
                tickFormat={(id) => labels.get(id) ?? ''}
                tickLabelProps={{ className: 'tick', textAnchor: 'middle' }}
              />
            </g>
          </svg>
        )}
      </div>
    </div>
  )
}

/** Places in the list of bars, both included. */
interface Selection {
  readonly from: number
  readonly to: number
}

function selected(
  bars: readonly Bar[],
  current: number | undefined,
  anchor = current,
): Selection | undefined {
  if (current === undefined || anchor === undefined) return undefined
  const last = bars.length - 1
  if (last < 0) return undefined
  return { from: Math.min(current, anchor, last), to: Math.min(Math.max(current, anchor), last) }
}

/** The selected bars as one. */
function together(bars: readonly Bar[], { from, to }: Selection): Bar | undefined {
  const [first, last] = [bars[from], bars[to]]
  if (first === undefined || last === undefined || from === to) return first
  const values: Record<string, number> = {}
  for (const bar of bars.slice(from, to + 1)) {
    for (const [key, value] of Object.entries(bar.values)) values[key] = (values[key] ?? 0) + value
  }
  return { ...first, title: `${first.title} to ${last.title}`, values }
}

function sumOf({ values }: Bar): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0)
}
