/**
 * An exported session as HTML: one file that loads nothing, runs nothing, and reads in light, in dark and on
 * paper. Every text is escaped; the policy in its head would stop what an escape had missed. Pure.
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

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--faint:#59636e;--paper:#fff;--line:#d1d9e0;--block:#f6f8fa;--bad:#b42318;--warn:#875a00;--link:#0550ae}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9da7b3;--paper:#0d1117;--line:#3d444d;--block:#151b23;--bad:#ff8b7d;--warn:#e3b341;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 3rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:.8rem;margin:.8rem 0 .2rem;color:var(--faint)}
a{color:var(--link)}dl{display:grid;grid-template-columns:minmax(5rem,max-content) 1fr;gap:.15rem 1rem;margin:0}dt{color:var(--faint)}dd{margin:0}
pre{margin:0;padding:.6rem .8rem;background:var(--block);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap;font:13px/1.5 ui-monospace,monospace}
table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;color:var(--faint);font-weight:600}th,td{padding:.2rem .6rem .2rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
.n{text-align:right;white-space:nowrap}code{font:12.5px/1.5 ui-monospace,monospace}.faint{color:var(--faint)}.error{color:var(--bad)}.warning{color:var(--warn)}
.d1{padding-left:1rem}.d2{padding-left:2rem}.d3{padding-left:3rem}.d4{padding-left:4rem}.d5{padding-left:5rem}.d6{padding-left:6rem}
section{border-top:1px solid var(--line);margin-top:1.5rem}summary{cursor:pointer;margin:.8rem 0 .2rem;color:var(--faint);font-size:.85rem}ul{margin:.3rem 0;padding-left:1.2rem}
@media(max-width:40rem){.minor{display:none}.d1,.d2,.d3,.d4,.d5,.d6{padding-left:.6rem}}
@media print{body{max-width:none;padding:0;font-size:11px}section{break-before:auto}h2,h3,tr{break-inside:avoid}h2,h3{break-after:avoid}details::details-content{content-visibility:visible;block-size:auto}}
`

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export const htmlRenderer: Renderer = {
  begin: (head) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(head.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 dir="auto">${escaped(head.title)}</h1>
${factList(head)}
${modelTable(head)}${changeList(head)}`,
  turn: (turn) => turnSection(turn),
  end: () => '</main>\n</body>\n</html>\n',
}

function factList({ facts, omissions }: ExportHead): string {
  const pairs = facts.map(
    ([label, text]) => `<dt>${escaped(label)}</dt><dd dir="auto">${escaped(text)}</dd>\n`,
  )
  return `<dl>\n${pairs.join('')}</dl>\n<p class="faint">${omissions.map(escaped).join(' ')}</p>`
}

function modelTable({ models }: ExportHead): string {
  if (models.length === 0) return ''
  const [first, ...others] = MODEL_COLUMNS
  const titles = others.map((title) => `<th scope="col" class="n">${title}</th>`).join('')
  const rows = models.map(([model = '', ...figures]) => {
    const cells = figures.map((figure) => `<td class="n">${escaped(figure)}</td>`).join('')
    return `<tr><th scope="row">${escaped(model)}</th>${cells}</tr>\n`
  })
  return `<h2>Models</h2>
<table><thead><tr><th scope="col">${first}</th>${titles}</tr></thead><tbody>
${rows.join('')}</tbody></table>
`
}

function changeList({ commits, files }: ExportHead): string {
  if (commits.length + files.length === 0) return ''
  const items = [
    ...commits.map((change) => `<li>${changeItem(change)}</li>\n`),
    ...files.map((file) => `<li><code>${escaped(file)}</code></li>\n`),
  ]
  return `<h2>What changed</h2>\n<ul>\n${items.join('')}</ul>\n`
}

function changeItem({ kind, name, url, where }: Change): string {
  const text = `<code>${escaped(name)}</code>`
  const linked =
    url === undefined ? text : `<a href="${escaped(url)}" rel="noreferrer nofollow">${text}</a>`
  const place = where === '' ? '' : ` <span class="faint">${escaped(where)}</span>`
  return `${kind === 'commit' ? 'Commit' : 'Pull request'} ${linked}${place}`
}

function turnSection(turn: ExportTurn): string {
  const { number, facts, errors, prompt, answer, rows, omittedRows } = turn
  const failed = errors === 0 ? '' : ` · <span class="error">${plural(errors, 'error')}</span>`
  return `<section>
<h2>Turn ${number}</h2>
<p class="faint">${facts.map(escaped).join(' · ')}${failed}</p>
${textBlock('Prompt', prompt)}${rowTable(rows, omittedRows)}${textBlock('Answer', answer)}</section>
`
}

function textBlock(title: string, { text, note }: ExportText): string {
  const shown =
    text === undefined
      ? `<p class="faint">${escaped(note)}</p>`
      : `<pre dir="auto">\n${escaped(text)}</pre>`
  return `<h3>${title}</h3>\n${shown}\n`
}

function rowTable(rows: readonly ExportRow[], omitted: number): string {
  const left =
    omitted === 0 ? '' : `<p class="faint">${countText(omitted)} rows are left out.</p>\n`
  if (rows.length === 0) return left
  return `<details open><summary>${plural(rows.length, 'row')}</summary>
<table><thead><tr><th scope="col" class="n minor">After</th><th scope="col">What</th><th scope="col" class="n">Took</th><th scope="col" class="n">Cost</th></tr></thead><tbody>
${rows.map(rowLine).join('')}</tbody></table>
</details>
${left}`
}

function rowLine(row: ExportRow): string {
  const { depth, after, kind, name, summary, took, waited, cost, status, level } = row
  const what = [
    `<span class="faint">${kind}</span> <strong>${escaped(name)}</strong>`,
    ...(summary === '' ? [] : [`<code>${escaped(summary)}</code>`]),
    ...(waited === '' ? [] : [`<span class="faint">waited ${waited}</span>`]),
    ...(level === 'default' ? [] : [`<span class="${level}">${level}</span>`]),
    ...(status === '' ? [] : [`<span class="${level}">${escaped(status)}</span>`]),
  ].join(' ')
  const place = depth === 0 ? '' : ` class="d${depth}"`
  return `<tr><td class="n minor">${after}</td><td${place} dir="auto">${what}</td><td class="n">${took}</td><td class="n">${cost}</td></tr>\n`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text and for quoted attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
