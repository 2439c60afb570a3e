/** What becomes of each event and metric, from the agents' profiles. */
import { profiles } from '../../src/agents/registry.ts'
import { markdownTable } from './markdown-table.ts'

export function eventsSection(): string {
  const rows = profiles.flatMap(({ title, events }) =>
    Object.entries(events).map(([name, { shownAs }]) => [title, `\`${name}\``, shownAs]),
  )
  return markdownTable(['Agent', 'Event', 'In Langfuse'], rows)
}

export function metricsSection(): string {
  const rows = profiles.flatMap(({ title, metrics }) =>
    Object.entries(metrics).map(([name, { shownAs }]) => [title, `\`${name}\``, shownAs]),
  )
  return markdownTable(['Agent', 'Metric', 'What it feeds'], rows)
}
