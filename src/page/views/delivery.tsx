/** How things go on their way in and out: exporters, what waits, what is dead, what came in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { DeadSelection, Delivery } from '../../api/contract/delivery.ts'
import { internalRecords } from '../../api/contract/refusal-words.ts'
import { ask } from '../ask.ts'
import { formatBytes, formatCount, plural } from '../format/count.ts'
import { formatAgo } from '../format/moment.ts'
import { useNow } from '../now.ts'
import { DataTable } from '../parts/data-table.tsx'
import { DeadTable } from '../parts/dead-table.tsx'
import { IngestTable } from '../parts/ingest-table.tsx'
import { QuarantinePanel } from '../parts/quarantine-panel.tsx'
import { RefusedPanel } from '../parts/refused-panel.tsx'
import { Paged } from '../parts/pager.tsx'
import { Panel } from '../parts/panel.tsx'
import { Stat, Stats } from '../parts/stat.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'

const STATES: Readonly<Record<Delivery['langfuse']['state'], string>> = {
  connected: 'connected',
  unconfigured: 'no keys',
  unreachable: 'unreachable',
  unauthorized: 'rejects the keys',
}

/** Of the ingest log. */
const PAGE_SIZE = 25

export function DeliveryView() {
  const delivery = useQuery({
    queryKey: ['delivery'],
    queryFn: () => ask(api.delivery),
    refetchInterval: 3_000,
  })
  return (
    <>
      <div className="view-head">
        <h1>Delivery</h1>
      </div>
      {delivery.isError && <Failed error={delivery.error} />}
      {delivery.isPending && <Loading />}
      {delivery.data !== undefined && <DeliveryBody delivery={delivery.data} />}
    </>
  )
}

function DeliveryBody({ delivery }: { readonly delivery: Delivery }) {
  const { langfuse, deadItems, ingest, outbox, quarantine, retention } = delivery
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['delivery'] })
  const retry = useMutation({
    mutationFn: (body: DeadSelection) => ask(api.retry, { body }),
    onSuccess,
  })
  const drop = useMutation({
    mutationFn: (body: DeadSelection) => ask(api.drop, { body }),
    onSuccess,
  })
  const failure = retry.error ?? drop.error
  return (
    <>
      <DeliveryStats delivery={delivery} />
      {langfuse.lastError !== null && <p className="notice notice-error">{langfuse.lastError}</p>}
      {langfuse.state === 'unconfigured' && (
        <p className="notice">
          Everything is kept here, and delivered once the bridge is started with{' '}
          <code>LANGFUSE_PUBLIC_KEY</code> and <code>LANGFUSE_SECRET_KEY</code>.
        </p>
      )}
      {fullNote(retention) !== undefined && (
        <p className="notice notice-error">{fullNote(retention)}</p>
      )}
      {failure !== null && <Failed error={failure} />}
      <ExporterTable exporters={delivery.exporters} />
      <div className="columns">
        {outbox.dead > 0 && (
          <DeadTable
            items={deadItems}
            reasons={delivery.deadReasons ?? []}
            total={outbox.dead}
            labelOf={(name) => delivery.exporters.find((one) => one.name === name)?.label ?? name}
            onRetry={(ids) => retry.mutate({ ids })}
            onDrop={(ids) => drop.mutate({ ids })}
          />
        )}
        {quarantine.records > 0 && <QuarantinePanel quarantine={quarantine} />}
      </div>
      {ingest.refused.length > 0 && <RefusedPanel refused={ingest.refused} />}
      <Panel title="Ingest log" note={ingestNote(ingest)}>
        {ingest.recent.length === 0 ? (
          <Empty>No agent has sent anything since startup.</Empty>
        ) : (
          <Paged label="the ingest log" rows={ingest.recent} size={PAGE_SIZE}>
            {(requests) => <IngestTable requests={requests} />}
          </Paged>
        )}
      </Panel>
    </>
  )
}

/** `463 requests since startup, 0 errors, 17 records refused, 11,720 internal ones left out`. */
function ingestNote({ requests, errors, rejected, refused }: Delivery['ingest']): string {
  const internal = internalRecords(refused)
  const parts = [
    `${plural(requests, 'request')} since startup`,
    plural(errors, 'error'),
    `${plural(Math.max(0, rejected - internal), 'record')} refused`,
    ...(internal > 0 ? [`${formatCount(internal)} internal ones left out`] : []),
  ]
  return parts.join(', ')
}

/** Each exporter by its name, where there are others beside Langfuse. */
function ExporterTable({ exporters }: Pick<Delivery, 'exporters'>) {
  const nowMs = useNow(1_000)
  const ago = (ms: number | null): string => (ms === null ? '–' : formatAgo(ms, nowMs))
  if (exporters.length < 2) return null
  return (
    <Panel title="Exporters">
      <DataTable
        caption="Exporters"
        rows={exporters}
        keyOf={({ name }) => name}
        columns={[
          { name: 'Name', cell: ({ label }) => label },
          { name: 'State', cell: ({ state, lastError }) => lastError ?? STATES[state] },
          { name: 'Address', isMinor: true, cell: ({ url }) => url ?? '–' },
          { name: 'Pending', isNumber: true, cell: ({ pending }) => formatCount(pending) },
          {
            name: 'Oldest',
            isMinor: true,
            cell: ({ oldestPendingMs }) => ago(oldestPendingMs),
          },
          { name: 'Dead', isNumber: true, cell: ({ dead }) => formatCount(dead) },
          { name: 'Last delivered', cell: ({ lastDeliveredMs }) => ago(lastDeliveredMs) },
        ]}
      />
    </Panel>
  )
}

function DeliveryStats({
  delivery: { langfuse, outbox, retention },
}: {
  readonly delivery: Delivery
}) {
  const nowMs = useNow(1_000)
  const ago = (ms: number): string => formatAgo(ms, nowMs)
  const isWell = langfuse.state === 'connected' || langfuse.state === 'unconfigured'
  return (
    <Stats label="Delivery">
      <Stat
        label="Langfuse"
        value={STATES[langfuse.state]}
        tone={isWell ? 'plain' : 'bad'}
        note={langfuse.url?.replace(/^https?:\/\//, '')}
      />
      <Stat
        label="Last delivered"
        value={langfuse.lastDeliveredMs === null ? '–' : ago(langfuse.lastDeliveredMs)}
      />
      <Stat
        label="Pending"
        value={formatCount(outbox.pending)}
        note={outbox.oldestPendingMs === null ? undefined : `oldest ${ago(outbox.oldestPendingMs)}`}
      />
      <Stat
        label="Dead"
        value={formatCount(outbox.dead)}
        tone={outbox.dead > 0 ? 'bad' : 'plain'}
        note={
          outbox.dropped > 0
            ? `${formatCount(outbox.dropped)} dropped for lack of space`
            : undefined
        }
      />
      <Stat
        label="Data kept"
        value={retention.days === 0 ? 'forever' : plural(retention.days, 'day')}
        tone={retention.size === 'full' ? 'bad' : 'plain'}
        note={sizeNote(retention)}
      />
    </Stats>
  )
}

/** How large the store is, of how much, and what that has cost. */
function sizeNote({ usedBytes, maxBytes, droppedSessions }: Delivery['retention']): string {
  const used = usedBytes === null ? 'size unknown' : formatBytes(usedBytes)
  const bound = maxBytes === 0 ? used : `${used} of ${formatBytes(maxBytes)}`
  return droppedSessions === 0
    ? bound
    : `${bound}, ${plural(droppedSessions, 'session')} deleted for lack of space`
}

/** Why the store stays larger than its bound; undefined while it does not. */
function fullNote({ size, waitingSessions }: Delivery['retention']): string | undefined {
  if (size !== 'full') return undefined
  const waiting =
    waitingSessions === 0
      ? 'The remaining sessions are open.'
      : `The remaining sessions are open, or have data queued for Langfuse (${plural(waitingSessions, 'closed session')}).`
  return `The store is larger than MAX_STORE_SIZE, and nothing in it can be deleted. ${waiting}`
}
