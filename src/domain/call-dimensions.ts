/** What a model call can be attributed to, beside its model. */

export interface DimensionNames {
  /** In commands and queries: `report --group <group>`. */
  readonly group: string
  /** In a sentence and, with a capital, above a column. */
  readonly label: string
}

/** By the name in events and in what is stored. Reports, the API, the page and commands follow. */
export const CALL_DIMENSIONS = {
  querySource: { group: 'query-source', label: 'query source' },
  subagentType: { group: 'subagent', label: 'subagent' },
  skill: { group: 'skill', label: 'skill' },
  mcpServer: { group: 'mcp-server', label: 'MCP server' },
  plugin: { group: 'plugin', label: 'plugin' },
  effort: { group: 'effort', label: 'effort' },
  workflow: { group: 'workflow', label: 'workflow' },
  mcpTool: { group: 'mcp-tool', label: 'MCP tool' },
  command: { group: 'command', label: 'slash command' },
} as const satisfies Readonly<Record<string, DimensionNames>>

/** Calls beside the conversation, by what they are for: titles, summaries, quota checks. */
const SIDE_CALL = /auxiliary|compact|compress|title|topic|summar|quota|haiku|side|utility/i
/** Behind the colon stands the name of the subagent, which may be anything: `agent:builtin:title-writer`. */
const SUBAGENT_CALL = /^(?:agent:|subagent$)/

/** Whether a call was made beside the conversation of its agent, as far as its query source says. */
export function isSideCall(querySource: string | undefined): boolean {
  return (
    querySource !== undefined && SIDE_CALL.test(querySource) && !SUBAGENT_CALL.test(querySource)
  )
}

/** Whether a subagent made a call, as far as its query source says. */
export function isSubagentCall(querySource: string | undefined): boolean {
  return querySource !== undefined && SUBAGENT_CALL.test(querySource)
}

export type CallDimension = keyof typeof CALL_DIMENSIONS
export const callDimensions = Object.keys(CALL_DIMENSIONS) as readonly CallDimension[]

/** A dimension that nobody told is absent. Names are the agent's own. */
export type CallDimensions = { readonly [Name in CallDimension]?: string } & {
  /**
   * The stretch of its session's work that a call was made in, from 1; see `work.ts`. No group of its
   * own: what became of it is.
   */
  readonly segment?: string
  /**
   * The project that was worked on at the time, as far as anything names one: a session may go on in
   * another. Where it is absent, a call counts for the project of its session.
   */
  readonly project?: string
}

/** What the record of a call says it was made for; who made it, and in which turn, stands elsewhere. */
export type Attribution = Omit<
  CallDimensions,
  'querySource' | 'subagentType' | 'command' | 'segment' | 'project'
>
