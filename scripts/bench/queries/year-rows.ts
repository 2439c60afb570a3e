/** The tables that a year is written into, a prepared insert each. */
import type Database from 'better-sqlite3'

export type Rows = ReturnType<typeof createRows>

export function createRows(database: Database.Database) {
  const insert = (table: string, columns: readonly string[]) => {
    const places = columns.map(() => '?').join(', ')
    const statement = database.prepare(
      `insert into ${table} (${columns.join(', ')}) values (${places})`,
    )
    return (...values: readonly unknown[]) => statement.run(...values)
  }
  const tokens = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens']
  const used = ['session_ref', 'bucket_ms']
  return {
    session: insert('sessions', [
      ...['id', 'session_key', 'agent', 'session_id', 'user_id', 'title', 'project', 'team'],
      ...['close_reason', 'first_ms', 'last_ms', 'first_prompt_ms', 'first_commit_ms'],
      ...['updated_ms', 'cost_usd', ...tokens, 'prompts', 'model_calls', 'tool_results', 'errors'],
    ]),
    attribute: insert('session_attributes', ['session_ref', 'key', 'value']),
    prompt: insert('prompts', [
      ...['session_ref', 'dedup_key', 'time_ms', 'prompt_id', 'length', 'text'],
    ]),
    model: insert('model_usage', [
      ...[...used, 'model', 'is_subagent', 'calls', 'errors', 'cost_usd', ...tokens, 'duration_ms'],
    ]),
    tool: insert('tool_usage', [
      ...[...used, 'tool', 'results', 'failures', 'refusals', 'duration_ms'],
    ]),
    activity: insert('activity', [...used, 'measure', 'facet', 'value']),
  }
}
