/** What is read of a slice of time, row by row as the tables have it. */

/** From `fromMs` up to and without `toMs`. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** A session that used something within the slice. */
export interface ActiveSession {
  readonly id: number
  readonly agent: string
  readonly project: string | null
  readonly team: string | null
  readonly user_id: string | null
  readonly first_prompt_ms: number | null
  readonly first_commit_ms: number | null
}

/** Of one session and one model. */
export interface ModelSum {
  readonly session_ref: number
  readonly model: string
  readonly calls: number
  readonly errors: number
  readonly cost_usd: number | null
  readonly estimated_usd: number | null
  readonly metrics_usd: number | null
  readonly unpriced_calls: number
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cache_read_tokens: number | null
  readonly cache_creation_tokens: number | null
}

export interface ToolSum {
  readonly tool: string
  readonly results: number
  readonly failures: number
  readonly refusals: number
  readonly duration_ms: number | null
}

export interface ActivitySum {
  readonly measure: string
  readonly facet: string
  readonly value: number | null
}

export interface UsageSlice {
  readonly sessions: readonly ActiveSession[]
  readonly models: readonly ModelSum[]
  readonly tools: readonly ToolSum[]
  readonly activity: readonly ActivitySum[]
}
