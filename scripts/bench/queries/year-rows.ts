/** The tables that a year is written into, a prepared insert each. */
import type Database from 'better-sqlite3'
import { piecesOf } from '../../../src/domain/search-words.ts'
import { dimensionsKey, type UsageDimensions } from '../../../src/domain/usage.ts'
import { addWords, firstRowOf } from '../../../src/storage/sqlite/search-index.ts'

/** What the calls of a session are made for: a few skills and servers beside the rest. */
const MAIN_SETS: readonly UsageDimensions[] = [
  ...[undefined, undefined, undefined, 'review', 'release', 'test'].map((skill) => ({
    querySource: 'repl_main_thread',
    effort: 'medium',
    ...(skill !== undefined && { skill }),
    costSource: 'agent' as const,
  })),
  ...['github', 'database'].map((mcpServer) => ({
    querySource: 'repl_main_thread',
    effort: 'high',
    mcpServer,
    costSource: 'agent' as const,
  })),
]
const SUBAGENT_SETS: readonly UsageDimensions[] = ['general-purpose', 'Explore', 'Plan'].map(
  (subagentType) => ({
    querySource: `agent:builtin:${subagentType}`,
    subagentType,
    effort: 'medium',
    costSource: 'agent',
  }),
)

export type Rows = ReturnType<typeof createRows>

export function createRows(database: Database.Database) {
  const insert = (table: string, columns: readonly string[]) => {
    const places = columns.map(() => '?').join(', ')
    const statement = database.prepare(
      `insert into ${table} (${columns.join(', ')}) values (${places})`,
    )
    return (...values: readonly unknown[]) => statement.run(...values)
  }
  const words = addWords({ handle: database })
  const sets = insert('usage_dimensions', ['id', 'key'])
  const firstRef = Number(
    database.prepare('select coalesce(max(id), 0) + 1 from usage_dimensions').pluck().get(),
  )
  const known = new Map<string, number>()
  const refOf = (set: UsageDimensions): number => {
    const key = dimensionsKey(set)
    const found = known.get(key)
    if (found !== undefined) return found
    const ref = firstRef + known.size
    known.set(key, ref)
    sets(ref, key)
    return ref
  }
  const tokens = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens']
  const used = ['session_ref', 'bucket_ms']
  return {
    /** The set that a session's calls count under, those of its subagent or the others, in a stretch of its work. */
    dimensionsIn: (session: number, isSubagent: boolean, segment: number): number => {
      const of = isSubagent ? SUBAGENT_SETS : MAIN_SETS
      const set = of[session % of.length] ?? {}
      return refOf(segment === 0 ? set : { ...set, segment: String(segment) })
    },
    work: insert('work_segments', ['session_ref', 'segment', 'has_pull_request', 'work']),
    session: insert('sessions', [
      ...['id', 'session_key', 'agent', 'session_id', 'user_id', 'title', 'project', 'team'],
      ...['close_reason', 'first_ms', 'last_ms', 'first_prompt_ms', 'first_commit_ms'],
      ...['updated_ms', 'cost_usd', ...tokens, 'prompts', 'model_calls', 'tool_results', 'errors'],
    ]),
    /** What a session is found by: a row of its index. */
    search: (session: number, row: number, texts: readonly string[]) => {
      for (const piece of piecesOf(texts)) words(firstRowOf(session) + row, piece)
    },
    attribute: insert('session_attributes', ['session_ref', 'key', 'value']),
    prompt: insert('prompts', [
      ...['session_ref', 'dedup_key', 'time_ms', 'prompt_id', 'length', 'text'],
    ]),
    model: insert('model_usage', [
      ...[
        ...used,
        'model',
        'is_subagent',
        'dimensions_ref',
        'calls',
        'errors',
        'cost_usd',
        ...tokens,
        'duration_ms',
      ],
    ]),
    tool: insert('tool_usage', [
      ...[...used, 'tool', 'results', 'failures', 'refusals', 'duration_ms'],
    ]),
    activity: insert('activity', [...used, 'measure', 'facet', 'value']),
  }
}
