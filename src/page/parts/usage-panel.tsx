/**
 * What was used, over time and in a table, both by the group that is chosen (in the table by a second one
 * as well): a choice that stays in the address bar.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import { ask } from '../ask.ts'
import { TIME_ZONE } from '../format/moment.ts'
import { boundsText, type ChartRange } from '../range.ts'
import { useSearch } from '../use-search.ts'
import { GroupMenu } from './group-menu.tsx'
import { Awaited, Failed, Loading } from './state.tsx'
import { UsageChart } from './usage-chart.tsx'
import { UsageTable } from './usage-table.tsx'

/** In the address bar: `?split=project,model`. */
const PARAMETER = 'split'
const USUAL = 'model'
/** Rows shown; the rest is one more. */
const LIMIT = 50

export interface UsagePanelProps {
  readonly filter: Partial<Filter>
  readonly range: ChartRange
}

export function UsagePanel({ filter, range }: UsagePanelProps) {
  const [search, setSearch] = useSearch()
  const [first = USUAL, second = ''] = search.get(PARAMETER)?.split(',') ?? []
  const group = [first, second].filter((name) => name !== '').join(',')
  const { from, to, bucket, isCut } = range
  const query = { ...filter, from, to, tz: TIME_ZONE, group, limit: LIMIT, bucket }
  const { data, error, isError, isPending, isPlaceholderData } = useQuery({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => ask(api.usage, { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })
  const choose = (names: readonly string[]): void =>
    setSearch((before) => {
      before.set(PARAMETER, names.filter((name) => name !== '').join(','))
    })
  const zoom = (fromMs: number, toMs: number): void =>
    setSearch((before) => {
      for (const [name, value] of Object.entries(boundsText(fromMs, toMs))) before.set(name, value)
      before.delete('by')
    })
  if (isError) return <Failed error={error} />
  if (isPending) return <Loading />
  return (
    <Awaited isOld={isPlaceholderData}>
      <UsageChart
        usage={data}
        bucket={bucket}
        isCut={isCut}
        onZoom={zoom}
        menu={
          <GroupMenu
            label="Split by"
            value={first}
            onChange={(name) => choose([name, second === name ? '' : second])}
          />
        }
      />
      <UsageTable
        usage={data}
        menu={
          <GroupMenu
            label="and by"
            value={second}
            without={first}
            onChange={(name) => choose([first, name])}
          />
        }
      />
    </Awaited>
  )
}
