/** Good requests to start from: the recordings, taken apart into requests of one record each. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encoded } from '../../test/unit/otlp/encode.ts'

export const signals = ['logs', 'metrics', 'traces'] as const
export type Signal = (typeof signals)[number]

export interface Seed {
  readonly signal: Signal
  readonly json: object
  readonly protobuf: Buffer
}

type Tree = Readonly<Record<string, unknown>>

const corpus = join(import.meta.dirname, '../../test/corpus/claude-code')
const cases = ['tools-traces', 'subagent-traces', 'api-error-retried', 'hooks-mcp-skill-git']
const MAX_SEEDS_PER_FILE = 40

const shapes = {
  logs: { message: 'Logs', groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
  metrics: {
    message: 'Metrics',
    groups: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
  },
  traces: { message: 'Traces', groups: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
} as const

/** Reads the seeds. */
export function readSeeds(): readonly Seed[] {
  return signals.flatMap((signal) =>
    cases.flatMap((name) =>
      globSync(`${name}/*-${signal}.json`, { cwd: corpus }).flatMap((file) =>
        requestsIn(signal, JSON.parse(readFileSync(join(corpus, file), 'utf8')) as Tree).slice(
          0,
          MAX_SEEDS_PER_FILE,
        ),
      ),
    ),
  )
}

function requestsIn(signal: Signal, body: Tree): Seed[] {
  const { message, groups, scopes, items } = shapes[signal]
  return listIn(body, groups).flatMap((group) =>
    listIn(group, scopes).flatMap((scope) =>
      listIn(scope, items).map((item) => {
        const json = { [groups]: [{ ...group, [scopes]: [{ ...scope, [items]: [item] }] }] }
        return { signal, json, protobuf: encoded(message, json) }
      }),
    ),
  )
}

function listIn(tree: Tree, key: string): readonly Tree[] {
  return (tree[key] ?? []) as readonly Tree[]
}
