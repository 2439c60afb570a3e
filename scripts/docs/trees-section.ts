/** Trees as Langfuse shows them, from the golden files of recorded sessions. */
import { readFileSync } from 'node:fs'
import { decimalText } from '../../src/domain/numbers.ts'
import { roundUsd } from '../../src/domain/exact-sum.ts'

const pictures: readonly (readonly [recording: string, caption: string])[] = [
  ['subagent-traces', 'A subagent below the tool that started it (with spans)'],
  ['tool-failure-traces', 'Tools that failed'],
  ['api-error-retried', 'A call that was tried three times'],
]

const OBSERVATION = /^( *)(AGENT|GENERATION|TOOL|SPAN|EVENT) (.+)$/

export function treesSection(): string {
  return pictures
    .map(([recording, caption]) => `${caption}:\n\n\`\`\`text\n${treeOf(recording)}\n\`\`\``)
    .join('\n\n')
}

/** The recording's richest trace: an observation a line, its name, times, level and cost. */
function treeOf(recording: string): string {
  const file = new URL(`../../test/golden/claude-code/${recording}.txt`, import.meta.url)
  const trees = readFileSync(file, 'utf8').split('\n\n').map(observationsOf)
  return trees.reduce((most, tree) => (tree.length > most.length ? tree : most)).join('\n')
}

function observationsOf(trace: string): string[] {
  return trace.split('\n').flatMap((line) => {
    const [, indent = '', type, rest = ''] = OBSERVATION.exec(line) ?? []
    if (type === undefined) return []
    const shown = rest
      .split(' · ')
      .filter((part) => !part.startsWith('{'))
      .map(rounded)
    return [`${' '.repeat((indent.length - 2) / 2)}${type} ${shown.join(' · ')}`]
  })
}

/** What a call cost is sent as the agent said it; here it is for people. */
function rounded(part: string): string {
  return /^\$[\d.e-]+$/.test(part) ? `$${decimalText(roundUsd(Number(part.slice(1))))}` : part
}
