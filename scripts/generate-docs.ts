/**
 * Writes what README.md says of the code from the code itself, each part between its two
 * markers. With --check it changes nothing and fails when a part is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { commandsSection } from './docs/commands-section.ts'
import { configSection } from './docs/config-section.ts'
import { eventsSection, metricsSection } from './docs/profile-section.ts'
import { treesSection } from './docs/trees-section.ts'

const README = new URL('../README.md', import.meta.url)

const sections: Readonly<Record<string, () => string>> = {
  trees: treesSection,
  events: eventsSection,
  metrics: metricsSection,
  config: configSection,
  commands: commandsSection,
}

function withSection(readme: string, name: string, text: string): string {
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from === -1 || to < from) {
    throw new Error(`README.md has no ${begin} followed by ${end}: put them where it belongs`)
  }
  return `${readme.slice(0, from + begin.length)}\n${text}\n${readme.slice(to)}`
}

const current = readFileSync(README, 'utf8')
const wanted = Object.entries(sections).reduce(
  (readme, [name, section]) => withSection(readme, name, section()),
  current,
)
if (process.argv.includes('--check')) {
  if (current !== wanted) {
    console.error('README.md: a generated part is out of date; run "npm run docs"')
    process.exitCode = 1
  }
} else {
  writeFileSync(README, wanted)
}
