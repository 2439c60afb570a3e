/** The first page: what agents cost and did in a range of time. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import type { Overview } from '../../api/contract/overview.ts'
import { ask } from '../ask.ts'
import { eventsWarning } from '../format/cost.ts'
import { type BucketSize, TIME_ZONE } from '../format/moment.ts'
import { BudgetPanel } from '../parts/budget-panel.tsx'
import { PlanPanel } from '../parts/plan-panel.tsx'
import { DimensionTable } from '../parts/dimension-table.tsx'
import { OverviewStats } from '../parts/overview-stats.tsx'
import { Panel } from '../parts/panel.tsx'
import { filterOf, RangePicker } from '../parts/range-picker.tsx'
import { SessionTable } from '../parts/session-table.tsx'
import { SetupHint } from '../parts/setup-hint.tsx'
import { ShareTable } from '../parts/share-table.tsx'
import { SpendingChart } from '../parts/spending-chart.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'
import { UsagePanel } from '../parts/usage-panel.tsx'
import { ToolTable } from '../parts/tool-table.tsx'
import { WasteCard } from '../parts/waste-card.tsx'
import { rangeOf } from '../range.ts'
import { useSearch } from '../use-search.ts'

export function OverviewView() {
  const [search] = useSearch()
  const { from, bucket } = rangeOf(search, Date.now())
  const query = { ...filterOf(search), from, bucket, tz: TIME_ZONE }
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: () => ask(api.setup),
    refetchInterval: ({ state }) => (state.data?.hasArrived === true ? false : 2_000),
  })
  const overview = useQuery({
    queryKey: ['overview', query],
    queryFn: () => ask(api.overview, { query }),
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
      {isEmpty ? <SetupHint setup={missing} /> : <RangePicker hasBuckets />}
      {!isEmpty && overview.isError && <Failed error={overview.error} />}
      {!isEmpty && overview.isPending && <Loading />}
      {!isEmpty && overview.data !== undefined && (
        <OverviewBody
          overview={overview.data}
          bucket={bucket}
          filter={{ ...filterOf(search), from }}
        />
      )}
    </>
  )
}

function OverviewBody({
  overview,
  bucket,
  filter,
}: {
  readonly overview: Overview
  readonly bucket: BucketSize
  readonly filter: Partial<Filter>
}) {
  if (overview.totals.sessions === 0) {
    return <Empty>Nothing in this range. Choose a longer one, or remove a filter.</Empty>
  }
  return (
    <>
      {eventsWarning(overview.totals) !== undefined && (
        <p className="notice notice-warning">{eventsWarning(overview.totals)}</p>
      )}
      <OverviewStats overview={overview} />
      <SpendingChart
        series={overview.series}
        bucket={bucket}
        omittedBuckets={overview.omittedBuckets}
      />
      <div className="columns">
        <ShareTable title="By model" of="Model" shares={overview.byModel} />
        {overview.byAgent.length > 1 && (
          <ShareTable title="By agent" of="Agent" shares={overview.byAgent} />
        )}
        <ShareTable title="By project" of="Project" shares={overview.byProject} />
        <ShareTable title="By team" of="Team" shares={overview.byTeam} />
        <ShareTable title="By user" of="User" shares={overview.byUser} />
      </div>
      <DimensionTable overview={overview} />
      <UsagePanel filter={filter} />
      <BudgetPanel />
      <PlanPanel />
      <Panel title="Most expensive sessions">
        <SessionTable caption="Most expensive sessions" sessions={overview.dearest} />
      </Panel>
      <WasteCard filter={filter} />
      <Panel title="Tools" note="the bar below a name shows the share that failed">
        {overview.tools.length === 0 ? (
          <Empty>No tool was used.</Empty>
        ) : (
          <ToolTable tools={overview.tools} />
        )}
      </Panel>
    </>
  )
}
