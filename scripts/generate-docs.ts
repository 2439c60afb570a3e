/**
 * Writes what the documents say of the code from the code itself, each part between its two markers.
 * With --check it changes nothing and fails when a part is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { commandsSection } from './docs/commands-section.ts'
import { configSection } from './docs/config-section.ts'
import { eventsSection, metricsSection } from './docs/profile-section.ts'
import { treesSection } from './docs/trees-section.ts'

type Sections = Readonly<Record<string, () => string>>

const documents: Readonly<Record<string, Sections>> = {
  'README.md': { trees: treesSection, config: configSection, commands: commandsSection },
  'docs/reference.md': { events: eventsSection, metrics: metricsSection },
}

function withSection(document: string, text: string, name: string, section: string): string {
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from === -1 || to < from) {
    throw new Error(`${document} has no ${begin} followed by ${end}: put them where it belongs`)
  }
  return `${text.slice(0, from + begin.length)}\n${section}\n${text.slice(to)}`
}

for (const [document, sections] of Object.entries(documents)) {
  const path = new URL(`../${document}`, import.meta.url)
  const current = readFileSync(path, 'utf8')
  const wanted = Object.entries(sections).reduce(
    (text, [name, section]) => withSection(document, text, name, section()),
    current,
  )
  if (!process.argv.includes('--check')) writeFileSync(path, wanted)
  else if (current !== wanted) {
    console.error(`${document}: a generated part is out of date; run "npm run docs"`)
    process.exitCode = 1
  }
}
