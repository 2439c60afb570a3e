/** What model calls were made for: a table by one of the dimensions that any call names. */
import { useState } from 'react'
import type { Overview, Share } from '../../api/contract/overview.ts'
import { Segments } from './segments.tsx'
import { ShareTable } from './share-table.tsx'

const DIMENSIONS = [
  { id: 'byQuerySource', label: 'Query source' },
  { id: 'bySubagentType', label: 'Subagent' },
  { id: 'bySkill', label: 'Skill' },
  { id: 'byMcpServer', label: 'MCP server' },
  { id: 'byPlugin', label: 'Plugin' },
  { id: 'byEffort', label: 'Effort' },
  { id: 'byWorkflow', label: 'Workflow' },
  { id: 'byCostSource', label: 'Cost source' },
] as const satisfies readonly { readonly id: keyof Overview; readonly label: string }[]

type Id = (typeof DIMENSIONS)[number]['id']

export function DimensionTable({ overview }: { readonly overview: Overview }) {
  const [chosen, setChosen] = useState<Id>()
  const named = DIMENSIONS.filter(({ id }) => overview[id].some(isNamed))
  const shown = named.find(({ id }) => id === chosen) ?? named[0]
  if (shown === undefined) return null
  return (
    <ShareTable
      title={`By ${shown.label === 'MCP server' ? shown.label : shown.label.toLowerCase()}`}
      of={shown.label}
      shares={overview[shown.id]}
      actions={
        named.length > 1 && (
          <Segments label="Split calls by" segments={named} value={shown.id} onChange={setChosen} />
        )
      }
    />
  )
}

function isNamed({ name }: Share): boolean {
  return name !== null
}
