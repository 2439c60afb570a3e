/** What a scrape of `/metrics` asks of the parts of a running bridge: the figures of `/health`, and more. */
import type { Config } from '../config/config.ts'
import type { BudgetScope } from '../domain/budget.ts'
import type { KnownBudget } from '../domain/managed-budget.ts'
import type { OutboxCounts } from '../domain/outbox.ts'
import type { QuarantineCounts } from '../domain/quarantine.ts'
import type { Deliveries, ExporterStatus } from '../exporters/deliveries.ts'
import type { AskedMetric, Metrics, Sample } from '../observability/metrics.ts'
import type { HealthReport } from '../receivers/http/health-route.ts'
import type { Store } from '../storage/store.ts'

export interface ScrapeDeps {
  readonly config: Pick<Config, 'budgets' | 'privacy'>
  readonly health: () => Promise<HealthReport>
  readonly isReady: () => boolean
  readonly store: Pick<Store<unknown>, 'outboxCounts' | 'quarantine' | 'storage'>
  readonly delivery: Pick<Deliveries, 'status'>
  /** Those that are defined now. */
  readonly budgets: () => readonly KnownBudget[]
}

/** Everything that is asked once for a scrape. */
interface Answer {
  readonly health: HealthReport
  readonly isReady: boolean
  readonly exporters: readonly ExporterStatus[]
  /** Undefined when they cannot be read. */
  readonly outbox: OutboxCounts | undefined
  readonly quarantine: QuarantineCounts | undefined
}

/** Adds what is asked at a scrape to the metrics. */
export function addScrape(metrics: Pick<Metrics, 'askAtScrape'>, deps: ScrapeDeps): void {
  const { health, isReady, store, delivery, config, budgets } = deps
  const ask = async (): Promise<Answer> => ({
    health: await health(),
    isReady: isReady(),
    exporters: delivery.status().filter(({ state }) => state !== 'unconfigured'),
    outbox: await readable(() => store.outboxCounts()),
    quarantine: await readable(() => store.quarantine.counts()),
  })
  metrics.askAtScrape(ask, [
    ...intake,
    ...outbox,
    ...exporters,
    ...storage,
    ...settings(config),
    managed(budgets),
  ])
}

/** `/health` says that the store cannot be read; here the samples are missing. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch {
    return undefined
  }
}

type Asked = AskedMetric<Answer>

const intake: readonly Asked[] = [
  {
    name: 'build_info',
    help: 'The running version; always 1.',
    type: 'gauge',
    labels: ['version'],
    samples: ({ health: { version } }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'ready',
    help: 'Whether requests should be sent here: 1 or 0, as /health/ready.',
    type: 'gauge',
    samples: ({ isReady }) => [{ value: isReady ? 1 : 0 }],
  },
  {
    name: 'refusals_total',
    help: 'Refused requests, and refused records of other requests, by reason.',
    type: 'counter',
    labels: ['reason'],
    samples: ({ health }) =>
      Object.entries(health.refused).map(([reason, value]) => ({ labels: { reason }, value })),
  },
  {
    name: 'replaced_texts_total',
    help: 'Texts whose invalid UTF-8 was replaced with U+FFFD.',
    type: 'counter',
    samples: ({ health }) => [{ value: health.replacedTexts ?? 0 }],
  },
  {
    name: 'sessions_open',
    help: 'Open sessions.',
    type: 'gauge',
    samples: ({ health }) => known(health.sessions),
  },
  {
    name: 'quarantine_records',
    help: 'Records in the quarantine.',
    type: 'gauge',
    samples: ({ quarantine }) => known(quarantine?.records),
  },
  {
    name: 'quarantine_bytes',
    help: 'Bytes of the records in the quarantine.',
    type: 'gauge',
    samples: ({ quarantine }) => known(quarantine?.bytes),
  },
  {
    name: 'quarantine_dropped_records_total',
    help: 'Records dropped because the quarantine was full or they were too old, since the store was created.',
    type: 'counter',
    samples: ({ quarantine }) => known(quarantine?.dropped),
  },
]

const outbox: readonly Asked[] = [
  {
    name: 'outbox_pending_items',
    help: 'Items that wait for an exporter.',
    type: 'gauge',
    labels: ['exporter'],
    samples: ({ health }) => eachExporter(health, ({ pending }) => pending),
  },
  {
    name: 'outbox_dead_items',
    help: 'Dead items of an exporter: rejected by its server, or too old.',
    type: 'gauge',
    labels: ['exporter'],
    samples: ({ health }) => eachExporter(health, ({ dead }) => dead),
  },
  {
    name: 'outbox_oldest_item_age_seconds',
    help: 'Age of the oldest item that waits for an exporter; absent if there is none.',
    type: 'gauge',
    labels: ['exporter'],
    samples: ({ health }) =>
      // Nothing is behind with what is not set up: its items are kept until it is.
      eachExporter(health, ({ oldestPendingMs: ms, state }) =>
        ms === null || state === 'unconfigured' ? null : ms / 1000,
      ),
  },
  {
    name: 'outbox_bytes',
    help: 'Bytes of all waiting items.',
    type: 'gauge',
    samples: ({ outbox: counts }) => known(counts?.bytes),
  },
  {
    name: 'outbox_dropped_items_total',
    help: 'Items deleted for lack of space, since the store was created.',
    type: 'counter',
    samples: ({ health }) => known(health.delivery.dropped),
  },
]

/** What may become of an item, and the label it is told under. */
const OUTCOMES = [
  ['delivered', 'delivered'],
  ['retried', 'retried'],
  ['buried', 'dead'],
  ['rejectedInPart', 'rejected_in_part'],
] as const

const exporters: readonly Asked[] = [
  {
    name: 'exporter_up',
    help: 'Whether the last delivery of an exporter succeeded: 1 or 0.',
    type: 'gauge',
    labels: ['exporter'],
    samples: ({ exporters: all }) =>
      all.map(({ name, state }) => ({
        labels: { exporter: name },
        value: state === 'connected' ? 1 : 0,
      })),
  },
  {
    name: 'exporter_items_total',
    help: 'Items by outcome; an item may be retried many times.',
    type: 'counter',
    labels: ['exporter', 'outcome'],
    samples: ({ exporters: all }) =>
      all.flatMap((status) =>
        OUTCOMES.map(([count, outcome]) => ({
          labels: { exporter: status.name, outcome },
          value: status[count],
        })),
      ),
  },
  {
    name: 'exporter_last_delivery_timestamp_seconds',
    help: "Time of an exporter's last delivery, as Unix time.",
    type: 'gauge',
    labels: ['exporter'],
    samples: ({ exporters: all }) =>
      all.flatMap(({ name, lastDeliveredMs: ms }) =>
        ms === undefined ? [] : [{ labels: { exporter: name }, value: ms / 1000 }],
      ),
  },
]

const storage: readonly Asked[] = [
  {
    name: 'storage_writable',
    help: 'Whether the last attempt to store something succeeded: 1 or 0.',
    type: 'gauge',
    samples: ({ health }) => [{ value: health.storage.state === 'ok' ? 1 : 0 }],
  },
  {
    name: 'storage_used_bytes',
    help: 'Bytes that the store uses.',
    type: 'gauge',
    samples: ({ health }) => known(health.storage.usedBytes),
  },
  {
    name: 'storage_limit_bytes',
    help: 'MAX_STORE_SIZE; absent without a limit.',
    type: 'gauge',
    samples: ({ health }) => known(health.storage.maxBytes || null),
  },
  {
    name: 'storage_full',
    help: 'Whether the store exceeds its limit and nothing may be deleted: 1 or 0.',
    type: 'gauge',
    samples: ({ health }) => [{ value: health.storage.size === 'full' ? 1 : 0 }],
  },
  {
    name: 'storage_dropped_sessions_total',
    help: 'Sessions deleted for lack of space, since the store was created.',
    type: 'counter',
    samples: ({ health }) => [{ value: health.storage.droppedSessions }],
  },
]

/** What does not change while the bridge runs, so that a rule can compare with it. */
function settings({ budgets, privacy }: ScrapeDeps['config']): readonly Asked[] {
  const limits = Object.entries(budgets.limits) as readonly (readonly [BudgetScope, number])[]
  return [
    {
      name: 'masking_info',
      help: 'The MASK setting; always 1.',
      type: 'gauge',
      labels: ['mode'],
      samples: () => [{ labels: { mode: privacy.mask }, value: 1 }],
    },
    {
      name: 'budget_limit_usd',
      help: 'The budgets of the settings, in US dollars.',
      type: 'gauge',
      labels: ['scope'],
      samples: () => limits.map(([scope, value]) => ({ labels: { scope }, value })),
    },
  ]
}

function known(value: number | null | undefined): readonly Sample[] {
  return value === null || value === undefined ? [] : [{ value }]
}

function eachExporter(
  { exporters: all }: HealthReport,
  figure: (exporter: HealthReport['exporters'][number]) => number | null,
): readonly Sample[] {
  return all.flatMap((exporter) => {
    const value = figure(exporter)
    return value === null ? [] : [{ labels: { exporter: exporter.name }, value }]
  })
}

/** Commands add and remove them while the bridge runs. */
function managed(budgets: ScrapeDeps['budgets']): Asked {
  return {
    name: 'managed_budget_limit_usd',
    help: 'The budgets of BUDGETS_FILE and of budget add, in US dollars.',
    type: 'gauge',
    labels: ['budget', 'window'],
    samples: () =>
      budgets()
        .filter(({ source }) => source !== 'settings')
        .map(({ name, window, limitUsd }) => ({
          labels: { budget: name, window },
          value: limitUsd,
        })),
  }
}
