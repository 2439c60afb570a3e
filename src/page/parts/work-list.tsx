/** Commits and pull requests that came of a session, with their pages. */
import type { WorkResult } from '../../api/contract/session.ts'
import { formatMoment } from '../format/moment.ts'
import { DataTable } from './data-table.tsx'

export function WorkList({ work }: { readonly work: readonly WorkResult[] }) {
  return (
    <DataTable
      caption="Commits and pull requests"
      rows={work.toReversed()}
      keyOf={({ kind, name }) => `${kind} ${name}`}
      columns={[
        { name: 'What', cell: ({ kind }) => (kind === 'commit' ? 'commit' : 'pull request') },
        { name: 'Name', cell: Name },
        { name: 'Repository', cell: ({ repository }) => repository ?? '', isMinor: true },
        { name: 'Branch', cell: ({ branch }) => branch ?? '', isMinor: true },
        { name: 'When', cell: ({ atMs }) => formatMoment(atMs) },
      ]}
    />
  )
}

/** What an agent told may be any address; only pages of the web are led to. */
function Name({ name, url }: WorkResult) {
  if (url === null || !/^https?:\/\//.test(url)) return <span className="name">{name}</span>
  return (
    <a className="name" href={url} target="_blank" rel="noreferrer">
      {name}
    </a>
  )
}
