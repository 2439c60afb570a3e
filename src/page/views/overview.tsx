/** The first page: what agents cost and did in a range of time. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import type { Overview } from '../../api/contract/overview.ts'
import { ask } from '../ask.ts'
import { eventsWarning } from '../../domain/cost-text.ts'
import { TIME_ZONE } from '../format/moment.ts'
import { BudgetPanel } from '../parts/budget-panel.tsx'
import { PlanPanel } from '../parts/plan-panel.tsx'
import { OverviewStats } from '../parts/overview-stats.tsx'
import { Panel } from '../parts/panel.tsx'
import { filterOf, RangePicker } from '../parts/range-picker.tsx'
import { SessionTable } from '../parts/session-table.tsx'
import { FirstSteps } from '../parts/first-steps.tsx'
import { Awaited, Empty, Failed, Loading } from '../parts/state.tsx'
import { UsagePanel } from '../parts/usage-panel.tsx'
import { ToolTable, toolNote } from '../parts/tool-table.tsx'
import { WasteCard } from '../parts/waste-card.tsx'
import { chartRangeOf, type Range, rangeOf } from '../range.ts'
import { useSearch } from '../use-search.ts'

/** Of the most expensive sessions; the list of sessions has all. */
const LISTED = 5

export function OverviewView() {
  const [search] = useSearch()
  const range = rangeOf(search, Date.now())
  const filter = { ...filterOf(search), from: range.from }
  const query = { ...filter, bucket: range.bucket, tz: TIME_ZONE }
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: () => ask(api.setup),
    refetchInterval: ({ state }) => (state.data?.hasArrived === true ? 5_000 : 2_000),
  })
  const overview = useQuery({
    queryKey: ['overview', query],
    queryFn: ({ signal }) => ask(api.overview, { query, signal }),
    // An answer from before the first record would be shown for a while after it.
    enabled: setup.isError || setup.data?.hasArrived === true,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })
  const missing = setup.data?.hasArrived === false ? setup.data : undefined
  const isEmpty = missing !== undefined
  return (
    <>
      <h1 className="sr-only">Overview</h1>
      {!isEmpty && <RangePicker hasBuckets />}
      {setup.data !== undefined && <FirstSteps setup={setup.data} />}
      {!isEmpty && overview.isError && <Failed error={overview.error} />}
      {!isEmpty && overview.isPending && <Loading />}
      {!isEmpty && overview.data !== undefined && (
        <Awaited isOld={overview.isPlaceholderData}>
          <OverviewBody
            overview={overview.data}
            isOld={overview.isPlaceholderData}
            range={range}
            areBarsChosen={search.has('by')}
            filter={filter}
          />
        </Awaited>
      )}
    </>
  )
}

interface OverviewBodyProps {
  readonly overview: Overview
  /** It is that of the choice before. */
  readonly isOld: boolean
  readonly range: Range
  /** Somebody chose what a bar is. */
  readonly areBarsChosen: boolean
  readonly filter: Partial<Filter>
}

function OverviewBody({ overview, isOld, range, areBarsChosen, filter }: OverviewBodyProps) {
  if (overview.totals.sessions === 0) {
    return <Empty>Nothing in this range. Choose a longer one, or remove a filter.</Empty>
  }
  const { totals, series, mostExpensive, tools } = overview
  return (
    <>
      {eventsWarning(totals) !== undefined && (
        <p className="notice notice-warning">{eventsWarning(totals)}</p>
      )}
      <OverviewStats overview={overview} filter={filter} />
      <div className="columns">
        <BudgetPanel />
        <PlanPanel />
      </div>
      <UsagePanel filter={filter} range={chartRangeOf(range, series, areBarsChosen)} />
      <WasteCard filter={filter} isTurn={!isOld} />
      <Panel title="Most expensive sessions">
        <SessionTable caption="Most expensive sessions" sessions={mostExpensive.slice(0, LISTED)} />
      </Panel>
      {tools.length > 0 && (
        <Panel title="Tools" note={toolNote(tools)}>
          <ToolTable tools={tools} />
        </Panel>
      )}
    </>
  )
}
