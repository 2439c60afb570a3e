/** What a model call can be attributed to, beside its model. A dimension that nobody told is absent. */

/** What a model call was made for, as far as its record says. Names are the agent's own. */
export interface Attribution {
  readonly skill?: string
  readonly mcpServer?: string
  readonly plugin?: string
  readonly effort?: string
  readonly workflow?: string
}

/** The same with who made it. */
export interface CallDimensions extends Attribution {
  readonly querySource?: string
  readonly subagentType?: string
}
