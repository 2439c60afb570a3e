/**
 * Writes the configuration table of README.md from the schema, between its two markers.
 * With --check it changes nothing and fails when the table is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type ConfigRow, configTable } from '../src/config/config-table.ts'

const BEGIN = '<!-- config:begin -->'
const END = '<!-- config:end -->'
const README = new URL('../README.md', import.meta.url)

function markdownTable(rows: readonly ConfigRow[]): string {
  const lines = rows.map(({ name, type, fallback, doc }) => {
    const shown = fallback === '' || fallback.includes('`') ? fallback : `\`${fallback}\``
    return `| \`${name}\` | ${type} | ${shown} | ${doc.replaceAll('|', '\\|')} |`
  })
  return ['| Variable | Type | Default | What it does |', '|---|---|---|---|', ...lines].join('\n')
}

function withTable(readme: string, table: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) {
    throw new Error(
      `README.md has no ${BEGIN} followed by ${END}: put them where the table belongs`,
    )
  }
  return `${readme.slice(0, begin + BEGIN.length)}\n${table}\n${readme.slice(end)}`
}

const current = readFileSync(README, 'utf8')
const wanted = withTable(current, markdownTable(configTable()))
if (process.argv.includes('--check')) {
  if (current !== wanted) {
    console.error('README.md: the configuration table is out of date; run "npm run docs"')
    process.exitCode = 1
  }
} else {
  writeFileSync(README, wanted)
}
