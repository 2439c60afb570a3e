/** A session of very many tool results, as one agent would send it: prompts with their tools. */

const LOGS = 'com.anthropic.claude_code.events'
const RESULTS_PER_REQUEST = 500
const BEGIN_MS = Date.UTC(2026, 10, 20)

export interface BigSession {
  readonly sessionId: string
  readonly results: number
  /** Tool results of one prompt. */
  readonly resultsPerPrompt: number
}

/** The bodies of its OTLP/HTTP requests, in order. */
export function* bigSessionBodies(session: BigSession): Generator<string, void> {
  const { sessionId, results, resultsPerPrompt } = session
  let sequence = 0
  const record = (name: string, promptId: string, facts: Readonly<Record<string, string>>) => {
    sequence += 1
    const nanoseconds = `${BEGIN_MS + 100 * sequence}000000`
    const attributes = {
      'event.name': name,
      'session.id': sessionId,
      'prompt.id': promptId,
      ...facts,
    }
    return {
      timeUnixNano: nanoseconds,
      observedTimeUnixNano: nanoseconds,
      body: { stringValue: `claude_code.${name}` },
      attributes: [
        { key: 'event.sequence', value: { intValue: sequence } },
        ...Object.entries(attributes).map(([key, stringValue]) => ({
          key,
          value: { stringValue },
        })),
      ],
    }
  }
  for (let first = 0; first < results; first += RESULTS_PER_REQUEST) {
    const logRecords: object[] = []
    for (let n = first; n < Math.min(first + RESULTS_PER_REQUEST, results); n += 1) {
      const promptId = `prompt-${Math.floor(n / resultsPerPrompt)}`
      if (n % resultsPerPrompt === 0) {
        logRecords.push(record('user_prompt', promptId, { prompt: `look at part ${n}` }))
      }
      logRecords.push(
        record('tool_result', promptId, {
          tool_name: ['Bash', 'Read', 'Edit'][n % 3] ?? '',
          tool_use_id: `toolu_${n}`,
          success: n % 50 === 0 ? 'false' : 'true',
          duration_ms: String(20 + (n % 400)),
          tool_input: JSON.stringify({
            command: `grep -rn "pattern ${n}" src`,
            description: 'Search',
          }),
        }),
      )
    }
    yield JSON.stringify({
      resourceLogs: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'claude-code' } },
              { key: 'service.version', value: { stringValue: '2.1.329' } },
            ],
          },
          scopeLogs: [{ scope: { name: LOGS, version: '2.1.329' }, logRecords }],
        },
      ],
    })
  }
}
