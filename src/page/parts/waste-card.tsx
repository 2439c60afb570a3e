/** What the sessions of a range wasted, by kind; asked for behind the overview, as it takes seconds. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import type { WasteInRange } from '../../api/contract/waste.ts'
import { isWorthShowing, wasteWords } from '../../api/contract/waste-words.ts'
import { ask } from '../ask.ts'
import { formatCount } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { TIME_ZONE } from '../format/moment.ts'
import { formatUsd } from '../format/usd.ts'
import { sessionPath } from '../session-path.ts'
import { DataTable } from './data-table.tsx'
import { Panel } from './panel.tsx'
import { Failed, Loading } from './state.tsx'

/** It is worked out from all that is stored of sessions: not with each look at the overview. */
const FRESH_MS = 300_000

export interface WasteCardProps {
  readonly filter: Partial<Filter>
  /** Before that, the bridge has other questions of this range to answer. */
  readonly isTurn: boolean
}

export function WasteCard({ filter, isTurn }: WasteCardProps) {
  const query = { ...filter, tz: TIME_ZONE }
  const { data, error, isError, isPending } = useQuery({
    queryKey: ['waste', query],
    queryFn: ({ signal }) => ask(api.wasteInRange, { query, signal }),
    enabled: isTurn,
    staleTime: FRESH_MS,
  })
  const kinds = data?.kinds.filter(isWorthShowing) ?? []
  if (data !== undefined && kinds.length === 0) return null
  return (
    <Panel title="Waste" className="waste" {...(data !== undefined && { note: noteOf(data) })}>
      {isError && <Failed error={error} />}
      {isPending && <Loading />}
      {data !== undefined && (
        <DataTable
          caption="Waste"
          rows={kinds}
          keyOf={({ kind }) => kind}
          columns={[
            {
              name: 'Kind',
              cell: ({ kind }) => (
                <span title={wasteWords[kind].advice}>{wasteWords[kind].title}</span>
              ),
            },
            { name: 'Times', isNumber: true, cell: ({ count }) => formatCount(count) },
            {
              name: 'Cost',
              isNumber: true,
              cell: ({ usd }) => (usd === null ? '–' : formatUsd(usd)),
            },
            {
              name: 'Time',
              isNumber: true,
              isMinor: true,
              cell: ({ ms }) => (ms === null ? '–' : formatDuration(ms)),
            },
            { name: 'Sessions', isNumber: true, cell: ({ sessions }) => formatCount(sessions) },
            { name: 'Most in', cell: ({ worst }) => <Worst sessions={worst} /> },
          ]}
        />
      )}
    </Panel>
  )
}

function Worst({ sessions }: { readonly sessions: WasteInRange['kinds'][number]['worst'] }) {
  return sessions.map(({ key, sessionId, title }) => (
    <div key={key}>
      <Link className="clip name" href={sessionPath(key)}>
        {title ?? sessionId}
      </Link>
    </div>
  ))
}

function noteOf({ usd, sessions, costUsd }: WasteInRange): string {
  if (sessions.looked >= sessions.all) return `${formatUsd(usd)} in all sessions`
  const share = costUsd.all > 0 ? Math.round((100 * costUsd.looked) / costUsd.all) : 0
  return (
    `${formatUsd(usd)} in the ${formatCount(sessions.looked)} most expensive of ` +
    `${formatCount(sessions.all)} sessions, which have ${share} % of the cost`
  )
}
