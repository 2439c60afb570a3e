/** A line of the bridge's log, which is JSON, as a person reads it on a terminal. Pure. */
import { type Style, styled, type TextLine } from './terminal.ts'

/** By Node alone: the bridge would keep a calendar in memory for it. */
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

const STYLES: Readonly<Record<string, Style>> = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
  debug: 'gray',
  trace: 'gray',
}

/** Without the stack of an error: that is for whoever looks into the log itself. */
export function logLine(json: string): TextLine {
  const record = recordOf(json)
  if (record === undefined) return json.trimEnd()
  const { level, time, msg, err, ...facts } = record
  const atMs = Date.parse(String(time))
  const parts: (string | ReturnType<typeof styled>)[] = [
    styled('gray', `${clock.format(Number.isNaN(atMs) ? 0 : atMs)}  `),
  ]
  const style = STYLES[String(level)]
  if (style !== undefined) parts.push(styled(style, `${String(level)}: `))
  parts.push(textOf(msg ?? ''))
  const told = [...errorText(err), ...factTexts(facts)]
  if (told.length > 0) parts.push(styled('gray', `  ${told.join(', ')}`))
  return parts
}

function recordOf(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function errorText(error: unknown): string[] {
  if (error === undefined) return []
  const { message } = (typeof error === 'object' ? (error ?? {}) : {}) as { message?: unknown }
  return [textOf(message ?? error)]
}

function factTexts(facts: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(facts).map(([name, value]) => `${name} ${textOf(value)}`)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
