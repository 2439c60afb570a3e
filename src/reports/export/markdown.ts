/**
 * An exported session as Markdown (CommonMark with GitHub's tables). Text of others stands in code, whose
 * fences are longer than any run of backticks in it, or has its punctuation escaped, so none of it becomes
 * markup, HTML or a link. Pure.
 */
import {
  type Change,
  countText,
  type ExportHead,
  type ExportRow,
  type ExportText,
  type ExportTurn,
  MODEL_COLUMNS,
  plural,
} from './export-content.ts'
import type { Renderer } from './renderer.ts'

export const markdownRenderer: Renderer = {
  begin: (head) =>
    paragraphs([
      `# ${plain(head.title)}`,
      head.facts.map(([label, text]) => `- ${label}: ${plain(text)}`).join('\n'),
      head.omissions.map(plain).join(' '),
      ...modelTable(head),
      ...changeList(head),
    ]),
  turn: (turn) => turnSection(turn),
  end: () => '',
}

function paragraphs(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n\n`).join('')
}

function modelTable({ models }: ExportHead): string[] {
  if (models.length === 0) return []
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = MODEL_COLUMNS.map((_, index) => (index === 0 ? '---' : '---:'))
  const rows = models.map((cells) => line(cells.map(plain)))
  return ['## Models', [line(MODEL_COLUMNS), line(rule), ...rows].join('\n')]
}

function changeList({ commits, files }: ExportHead): string[] {
  if (commits.length + files.length === 0) return []
  const items = [...commits.map(changeItem), ...files.map(code)].map((item) => `- ${item}`)
  return ['## What changed', items.join('\n')]
}

function changeItem({ kind, name, url, where }: Change): string {
  const text = url === undefined ? code(name) : `[${plain(name)}](<${address(url)}>)`
  const place = where === '' ? '' : ` ${plain(where)}`
  return `${kind === 'commit' ? 'Commit' : 'Pull request'} ${text}${place}`
}

function turnSection(turn: ExportTurn): string {
  const { number, facts, errors, prompt, answer, rows, omittedRows } = turn
  const failed = errors === 0 ? [] : [`**${plural(errors, 'error')}**`]
  return paragraphs([
    `## Turn ${number}`,
    [...facts.map(plain), ...failed].join(' · '),
    ...textBlock('Prompt', prompt),
    ...(rows.length === 0 ? [] : [rows.map(rowLine).join('\n')]),
    ...(omittedRows === 0 ? [] : [`${countText(omittedRows)} rows are left out.`]),
    ...textBlock('Answer', answer),
  ])
}

function textBlock(title: string, { text, note }: ExportText): string[] {
  return [`**${title}**`, text === undefined ? plain(note) : fenced(text)]
}

function rowLine(row: ExportRow): string {
  const { depth, after, kind, name, summary, took, waited, cost, status, level } = row
  const figures = [took, waited === '' ? '' : `waited ${waited}`, cost].filter(
    (text) => text !== '',
  )
  const parts = [
    `${'  '.repeat(depth)}- ${after} ${kind} **${plain(name)}**`,
    ...(summary === '' ? [] : [code(summary)]),
    ...(figures.length === 0 ? [] : [`(${figures.join(', ')})`]),
    ...(level === 'default' ? [] : [`**${level}**`]),
    ...(status === '' ? [] : [code(status)]),
  ]
  return parts.join(' ')
}

/** Of lines that begin with something else: what is markup within a line, and what GitHub makes links of. */
function plain(text: string): string {
  return text
    .replace(/[\\`*_[\]<>#~!$^{}&|@]|:(?=\/\/)/g, (character) =>
      ENTITIES.has(character) ? `&#${character.charCodeAt(0)};` : `\\${character}`,
    )
    .replace(/www\./gi, (found) => `${found.slice(0, -1)}&#46;`)
}

/** GitHub looks for cells and links before it looks for backslashes. */
const ENTITIES = new Set('&|:@')

/** A line in a span of code. */
function code(line: string): string {
  if (line.trim() === '') return ''
  const ticks = '`'.repeat(longestRun(line) + 1)
  const space = /^`|`$|^ .* $/.test(line) ? ' ' : ''
  return `${ticks}${space}${line}${space}${ticks}`
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}text\n${text}\n${fence}`
}

function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

/** A URL has no line ends; what would end the brackets around it is encoded. */
function address(url: string): string {
  return url.replace(/[<>\\\s|]/g, (character) => encodeURIComponent(character))
}
