/** Windows of subscriptions with what is used of them; nothing where no status line tells any. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { PlanWindow } from '../../api/contract/plan-windows.ts'
import { ask } from '../ask.ts'
import { formatRatio } from '../format/count.ts'
import { formatMoment } from '../format/moment.ts'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'

export function PlanPanel() {
  const { data } = useQuery({ queryKey: ['planWindows'], queryFn: () => ask(api.planWindows) })
  if (data === undefined || data.windows.length === 0) return null
  return (
    <Panel title="Plan windows" note="the line shows the last seven days">
      <DataTable
        caption="Plan windows"
        rows={data.windows}
        keyOf={({ agent, user, window }) => JSON.stringify([agent, user, window])}
        columns={[
          { name: 'Window', cell: (window) => <WindowName window={window} /> },
          { name: 'User', cell: ({ user }) => user ?? '(none)' },
          {
            name: 'Used',
            isNumber: true,
            cell: ({ usedPercent }) => (
              <span className={usedPercent >= NEARLY ? 'bad' : ''}>
                {formatRatio(usedPercent / 100)}
              </span>
            ),
          },
          {
            name: 'Resets',
            cell: ({ resetsMs }) => (resetsMs === null ? '' : formatMoment(resetsMs)),
          },
          { name: 'History', cell: ({ history }) => <History history={history} /> },
        ]}
      />
    </Panel>
  )
}

/** From where on a window is nearly used up. */
const NEARLY = 80

function WindowName({ window: { label, usedPercent } }: { readonly window: PlanWindow }) {
  return (
    <>
      <span className="name">{label}</span>
      <Meter
        part={usedPercent}
        whole={100}
        tone={usedPercent >= NEARLY ? 'bad' : 'plain'}
        hasTrack
      />
    </>
  )
}

const WIDTH = 120
const HEIGHT = 20

function History({ history }: Pick<PlanWindow, 'history'>) {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined) return null
  const span = Math.max(1, last.atMs - first.atMs)
  const points = history.map(({ atMs, usedPercent }) => {
    const x = (WIDTH * (atMs - first.atMs)) / span
    const y = HEIGHT - (HEIGHT * Math.min(usedPercent, 100)) / 100
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const highest = Math.max(...history.map(({ usedPercent }) => usedPercent))
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`at most ${formatRatio(highest / 100)} within ${history.length} hours of use`}
    >
      <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  )
}
