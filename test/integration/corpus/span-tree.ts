/**
 * What Langfuse was sent, as text for golden files: each trace a tree, times from the start
 * of its trace, ids left out, so that two runs of one recording read the same.
 */
import type { StoredScore } from '../langfuse-stand-in/score-store.ts'
import type { Json, StoredSpan } from '../langfuse-stand-in/stored-span.ts'

const METADATA = 'langfuse.observation.metadata.'
const MAX_VALUE = 160

export function renderTraces(spans: readonly StoredSpan[], scores: readonly StoredScore[]): string {
  const traces = Map.groupBy(spans, (span) => span.traceId)
  const blocks = [...traces.values()].map(renderTrace)
  return `${[...blocks.sort(), renderScores(scores)].join('\n\n')}\n`
}

function renderTrace(spans: readonly StoredSpan[]): string {
  const root = spans.find((span) => span.parentSpanId === undefined)
  const startMs = Math.min(...spans.map((span) => span.startMs))
  const children = Map.groupBy(spans, (span) => span.parentSpanId ?? '')
  const lines: string[] = [
    `trace ${text(root?.attributes['langfuse.trace.name'])} · session ${text(root?.attributes['langfuse.session.id'])} · user ${text(root?.attributes['langfuse.user.id'])}`,
    `  tags ${text(root?.attributes['langfuse.trace.tags'])} · environment ${text(root?.attributes['langfuse.environment'])} · version ${text(root?.attributes['langfuse.version'])}`,
  ]
  const walk = (span: StoredSpan, indent: string): void => {
    lines.push(...renderSpan(span, startMs).map((line) => `${indent}${line}`))
    const below = children.get(span.spanId) ?? []
    for (const child of inOrder(below)) walk(child, `${indent}    `)
  }
  if (root !== undefined) walk(root, '  ')
  const orphans = spans.filter(
    ({ parentSpanId: parent }) =>
      parent !== undefined && !spans.some(({ spanId }) => spanId === parent),
  )
  for (const orphan of orphans) lines.push(`  ORPHAN ${orphan.name}`)
  return lines.join('\n')
}

function inOrder(spans: readonly StoredSpan[]): StoredSpan[] {
  return [...spans].sort(
    (a, b) => a.startMs - b.startMs || a.endMs - b.endMs || a.name.localeCompare(b.name),
  )
}

function renderSpan(span: StoredSpan, startMs: number): string[] {
  const { attributes } = span
  const level = attributes['langfuse.observation.level']
  const head = [
    `${text(span.type).toUpperCase()} ${span.name}`,
    `${rounded(span.startMs - startMs)}–${rounded(span.endMs - startMs)} ms`,
    ...(level === 'DEFAULT' || level === undefined ? [] : [text(level)]),
    ...(span.cost.total === undefined ? [] : [`$${text(span.cost.total)}`]),
    ...(Object.keys(span.usage).length === 0 ? [] : [text(span.usage)]),
  ]
  const details: [string, Json | undefined][] = [
    ['status', attributes['langfuse.observation.status_message']],
    ...messagesOf('input', span.input),
    ...messagesOf('output', span.output),
    ['model', attributes['langfuse.observation.model.name']],
    ['parameters', attributes['langfuse.observation.model.parameters']],
    ...metadataOf(span),
  ]
  return [
    head.join(' · '),
    ...details
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `  ${key}: ${cut(key, value)}`),
  ]
}

/** Chat messages, a line each; anything else as it is. */
function messagesOf(side: string, value: Json | undefined): [string, Json | undefined][] {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0 || !list.every(isMessage)) return [[side, value]]
  return list.filter(isMessage).flatMap((message): [string, Json][] => {
    const {
      role,
      content,
      tool_calls: calls,
      tool_call_id: id,
      reasoning_content: thought,
    } = message
    const of = [side, text(role), ...(id === undefined ? [] : [text(id)])].join(' ')
    return [
      ...(thought === undefined ? [] : [[`${of} thinks`, thought] as [string, Json]]),
      ...(content === null || content === undefined ? [] : [[of, content] as [string, Json]]),
      ...(Array.isArray(calls) ? calls : []).map((call): [string, Json] => [`${of} asks`, call]),
    ]
  })
}

function isMessage(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && 'role' in value
}

function metadataOf(span: StoredSpan): [string, Json | undefined][] {
  return Object.entries(span.attributes)
    .filter(([key]) => key.startsWith(METADATA))
    .map(([key, value]): [string, Json | undefined] => [key.slice(METADATA.length), value])
    .sort(([a], [b]) => a.localeCompare(b))
}

function renderScores(scores: readonly StoredScore[]): string {
  const lines = scores.map(
    (score) =>
      `  ${text(score.name)} ${Number(score.value).toFixed(4)} on ${score.sessionId === undefined ? 'summary' : `session ${text(score.sessionId)}`} (${text(score.comment)})`,
  )
  return ['scores', ...lines.sort()].join('\n')
}

function text(value: Json | undefined): string {
  if (value === undefined) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The summary is shown whole: it is what the recording adds up to. */
function cut(key: string, value: Json | undefined): string {
  const isSummary = key === 'output' && typeof value === 'object'
  const whole = isSummary ? JSON.stringify(value, null, 2).replaceAll('\n', '\n    ') : text(value)
  const line = isSummary ? whole : whole.replaceAll('\n', '⏎')
  return isSummary || line.length <= MAX_VALUE
    ? line
    : `${line.slice(0, MAX_VALUE)}… (${line.length})`
}

/** Epoch milliseconds as floating point are exact to about a quarter of a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
