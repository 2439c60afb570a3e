/**
 * Draws the README's picture of traces: `node scripts/docs/trace-pictures.ts`. It shows what a Langfuse
 * stand-in was sent for two recordings, and nothing else: names, levels, times, costs, and the input and
 * output of each observation. Equal exports give an equal picture. Needs a Chromium, as the tests of the
 * page do.
 */
import { join } from 'node:path'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
} from '../../test/integration/corpus/bridge.ts'
import { recording, replay } from '../../test/integration/corpus/recording.ts'
import type { Json, StoredSpan } from '../../test/integration/langfuse-stand-in/stored-span.ts'
import { createLangfuseStandIn } from '../../test/integration/langfuse-stand-in/stand-in.ts'
import { launchBrowser } from '../../test/page/browser.ts'

const RECORDINGS = ['tools-traces', 'subagent-traces']
const PICTURE = join(import.meta.dirname, '../../docs/images/traces.png')
const METADATA = 'langfuse.observation.metadata.'
const MAX_TEXT = 150
const WIDTH = 1180

const traces: string[] = []
for (const name of RECORDINGS) traces.push(traceHtml(name, await exported(name)))

const browser = await launchBrowser()
const page = await browser.newPage({
  viewport: { width: WIDTH, height: 100 },
  colorScheme: 'light',
})
await page.setContent(`<!doctype html><style>${style()}</style>${traces.join('')}`)
await page.screenshot({ path: PICTURE, fullPage: true })
await browser.close()

/** The spans of the conversation that Langfuse gets of a recording. */
async function exported(name: string): Promise<readonly StoredSpan[]> {
  const langfuse = await createLangfuseStandIn()
  const folder = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(folder, langfuse))
  await replay(bridge.url, recording(name))
  await bridge.stop()
  const spans = langfuse.spans()
  await langfuse.close()
  removeFolder(folder)
  const root = spans.find(
    ({ type, parentSpanId }) => type === 'agent' && parentSpanId === undefined,
  )
  return spans.filter(({ traceId }) => traceId === root?.traceId)
}

function traceHtml(name: string, spans: readonly StoredSpan[]): string {
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined)
  if (root === undefined) throw new Error(`no trace of ${name} was exported`)
  const children = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId)
  const rows: string[] = []
  const add = (span: StoredSpan, depth: number): void => {
    rows.push(rowHtml(span, depth, root))
    const below = (children.get(span.spanId) ?? []).toSorted((a, b) => a.startMs - b.startMs)
    for (const child of below) add(child, depth + 1)
  }
  add(root, 0)
  return `<h1>${name}</h1><table>${rows.join('')}</table>`
}

function rowHtml(span: StoredSpan, depth: number, root: StoredSpan): string {
  const { name, type, startMs, endMs, attributes, cost } = span
  const scale = 100 / Math.max(1, root.endMs - root.startMs)
  const from = (startMs - root.startMs) * scale
  const width = Math.max(0.5, (endMs - startMs) * scale)
  const summary = attributes[`${METADATA}summary`]
  const partial = attributes[`${METADATA}partial`]
  const usd = typeof cost.total === 'number' ? `$${cost.total.toFixed(4)}` : ''
  const title = [name, typeof summary === 'string' ? summary : undefined]
  return `<tr><td class="name" style="padding-left:${depth * 18 + 6}px">
    <span class="type ${text(type)}">${escaped(text(type))}</span> ${title
      .filter((part) => part !== undefined)
      .map((part, index) =>
        index === 0 ? `<b>${escaped(part)}</b>` : `<code>${escaped(part)}</code>`,
      )
      .join(' ')}${partial === undefined ? '' : ` <i>partial: ${escaped(text(partial))}</i>`}
    <div class="io">${linesOf('in', span.input)}${linesOf('out', span.output)}</div></td>
    <td class="lane"><div class="bar ${text(type)}" style="margin-left:${from}%;width:${Math.min(width, 100 - from)}%"></div></td>
    <td class="figures">${Math.round(endMs - startMs)} ms<br>${usd}</td></tr>`
}

/** A line for each message, or for the value as it is. */
function linesOf(side: 'in' | 'out', value: Json | undefined): string {
  if (value === undefined) return ''
  return messageLines(value)
    .map((line) => `<p><span>${side}</span> ${escaped(cut(line))}</p>`)
    .join('')
}

function messageLines(value: Json): readonly string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((message): string[] => {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      return [typeof value === 'string' ? value : JSON.stringify(message)]
    }
    const { role, content, tool_calls: calls } = message
    if (role === undefined) return [JSON.stringify(message)]
    const said = typeof content === 'string' ? [`${text(role)}: ${content}`] : []
    const asked = (Array.isArray(calls) ? calls : []).map((call) => {
      const { name, arguments: input } = (call as { function: Record<string, Json> }).function
      return `${text(role)} asks for ${text(name)} ${text(input)}`
    })
    return [...said, ...asked]
  })
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

function cut(whole: string): string {
  const line = whole.replaceAll(/\s+/g, ' ')
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT)}…`
}

function escaped(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function style(): string {
  return `body{margin:0;padding:12px 18px 18px;font:13px/1.4 sans-serif;color:#1d1b18;background:#fff}
    h1{font-size:15px;margin:12px 0 6px}table{border-collapse:collapse;width:100%;table-layout:fixed}
    td{border-top:1px solid #e5e2dc;vertical-align:top;padding:5px 6px}
    .lane{width:150px;padding-top:10px}.figures{width:74px;text-align:right;color:#55514a;font-size:12px}
    .type{display:inline-block;min-width:66px;text-align:center;border-radius:4px;font-size:11px;color:#fff;background:#55514a}
    .type.generation,.bar.generation{background:#a9481f}.type.tool,.bar.tool{background:#356c79}.type.agent,.bar.agent{background:#6b5290}
    .bar{height:9px;border-radius:3px}code{font-size:12px;color:#356c79}i{font-size:11px;color:#805600}
    .io p{margin:1px 0 0 70px;color:#55514a;font-size:12px;overflow-wrap:anywhere}.io span{color:#6b665e;display:inline-block;width:24px}`
}
