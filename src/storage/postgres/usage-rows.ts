/** What sessions used, added up inside a commit: a row for each quarter of an hour and name. */
import type { Usage } from '../../domain/usage.ts'
import type { Statements } from './connection.ts'
import type { ReferenceRows } from './reference-rows.ts'
import { workText } from '../stored-rows.ts'
import { changeOf, changeOfNanoUsd, keyText, plainText } from './stored-values.ts'
import { insertRows, type Row } from './values-list.ts'

interface UsageOfSession {
  readonly sessionRef: number
  readonly usage: Usage
}

export interface UsageTable {
  readonly name: 'model_usage' | 'tool_usage' | 'activity'
  readonly key: readonly string[]
  readonly sums: readonly string[]
}

export const MODEL_USAGE: UsageTable = {
  name: 'model_usage',
  key: ['session_ref', 'bucket_ms', 'model', 'is_subagent', 'dimensions_ref'],
  sums: [
    'calls',
    'errors',
    'cost_nanousd',
    'estimated_nanousd',
    'metrics_nanousd',
    'unpriced_calls',
    'input_tokens',
    'output_tokens',
    'cache_read_tokens',
    'cache_creation_tokens',
    'duration_ms',
  ],
}

export const TOOL_USAGE: UsageTable = {
  name: 'tool_usage',
  key: ['session_ref', 'bucket_ms', 'tool'],
  sums: ['results', 'failures', 'refusals', 'duration_ms'],
}

export const ACTIVITY: UsageTable = {
  name: 'activity',
  key: ['session_ref', 'bucket_ms', 'measure', 'facet'],
  sums: ['value'],
}

export async function addUsage(
  statements: Statements,
  used: readonly UsageOfSession[],
  references: ReferenceRows,
): Promise<void> {
  const models = used.flatMap(({ sessionRef, usage }) =>
    usage.models.map((row) => ({ sessionRef, row })),
  )
  const dimensions = await references.dimensions(
    statements,
    models.map(({ row }) => row.dimensions),
  )
  await addToUsage(
    statements,
    MODEL_USAGE,
    models.map(({ sessionRef, row }) => [
      [
        sessionRef,
        row.bucketMs,
        keyText(row.model),
        row.isSubagent,
        dimensions.get(row.dimensions) as number,
      ],
      [
        row.calls,
        row.errors,
        changeOfNanoUsd(row.costUsd),
        changeOfNanoUsd(row.estimatedUsd),
        changeOfNanoUsd(row.metricsUsd),
        row.unpricedCalls,
        changeOf(row.inputTokens, 'tokens'),
        changeOf(row.outputTokens, 'tokens'),
        changeOf(row.cacheReadTokens, 'tokens'),
        changeOf(row.cacheCreationTokens, 'tokens'),
        changeOf(row.durationMs, 'durationMs'),
      ],
    ]),
  )
  await addToUsage(
    statements,
    TOOL_USAGE,
    used.flatMap(({ sessionRef, usage }) =>
      usage.tools.map(
        ({ bucketMs, tool, results, failures, refusals, durationMs }): KeyAndSums => [
          [sessionRef, bucketMs, keyText(tool)],
          [results, failures, refusals, changeOf(durationMs, 'durationMs')],
        ],
      ),
    ),
  )
  await addToUsage(
    statements,
    ACTIVITY,
    used.flatMap(({ sessionRef, usage }) =>
      usage.activity.map(
        ({ bucketMs, measure, facet, value }): KeyAndSums => [
          [sessionRef, bucketMs, measure, keyText(facet)],
          [changeOf(value, 'value')],
        ],
      ),
    ),
  )
  await putWork(statements, used)
}

/** The newest that is known of each takes the place of what was known. */
async function putWork(statements: Statements, used: readonly UsageOfSession[]): Promise<void> {
  const rows = new Map<string, Row>()
  for (const { sessionRef, usage } of used) {
    for (const one of usage.work ?? []) {
      const hasPullRequest = one.pullRequest !== undefined
      rows.set(`${sessionRef} ${one.segment}`, [
        sessionRef,
        one.segment,
        hasPullRequest,
        plainText(workText(one)),
      ])
    }
  }
  await insertRows(
    statements,
    'work_segments',
    ['session_ref', 'segment', 'has_pull_request', 'work'],
    [...rows.values()],
    `on conflict (session_ref, segment) do update
       set has_pull_request = excluded.has_pull_request, work = excluded.work`,
  )
}

/** A row of a usage table: as its columns `key` and `sums` have it. */
export type KeyAndSums = readonly [key: Row, sums: readonly number[]]

export async function addToUsage(
  statements: Statements,
  table: UsageTable,
  rows: readonly KeyAndSums[],
): Promise<void> {
  // A statement may change a row once: what has one key is added up before.
  const merged = new Map<string, { readonly key: Row; sums: readonly number[] }>()
  for (const [key, sums] of rows) {
    const name = JSON.stringify(key)
    const before = merged.get(name)
    if (before === undefined) merged.set(name, { key, sums })
    else before.sums = before.sums.map((sum, at) => sum + (sums[at] ?? 0))
  }
  await insertRows(
    statements,
    table.name,
    [...table.key, ...table.sums],
    [...merged.values()].map(({ key, sums }) => [...key, ...sums]),
    additionTo(table),
  )
}

/** Where there is a row of the key already, figures are added to it. */
export function additionTo({ name, key, sums }: UsageTable): string {
  const set = sums.map((column) => `${column} = ${name}.${column} + excluded.${column}`)
  return `on conflict (${key.join(', ')}) do update set ${set.join(', ')}`
}
