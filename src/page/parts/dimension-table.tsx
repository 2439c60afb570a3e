/** What model calls were made for: a table by one of the dimensions that any call names. */
import { useState } from 'react'
import {
  type Overview,
  SHARE_FIELDS,
  type Share,
  type ShareField,
} from '../../api/contract/overview.ts'
import { Segments } from './segments.tsx'
import { ShareTable } from './share-table.tsx'

const segments = SHARE_FIELDS.map(({ field, label }) => ({
  id: field,
  label: label.charAt(0).toUpperCase() + label.slice(1),
  title: `By ${label}`,
}))

export function DimensionTable({ overview }: { readonly overview: Overview }) {
  const [chosen, setChosen] = useState<ShareField>()
  const named = segments.filter(({ id }) => overview[id].some(isNamed))
  const shown = named.find(({ id }) => id === chosen) ?? named[0]
  if (shown === undefined) return null
  return (
    <ShareTable
      title={shown.title}
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
