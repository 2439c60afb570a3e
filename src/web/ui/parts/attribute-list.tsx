/** A session's resource attributes; each leads to all sessions that have it. */
import { Link } from 'wouter'
import { searchOf } from '../ask.ts'
import { Empty } from './state.tsx'

export function AttributeList({
  attributes,
}: {
  readonly attributes: Readonly<Record<string, string>>
}) {
  const entries = Object.entries(attributes).sort(([a], [b]) => a.localeCompare(b))
  if (entries.length === 0) return <Empty>None were sent.</Empty>
  return (
    <ul className="attributes">
      {entries.map(([name, value]) => (
        <li key={name}>
          <Link href={`/sessions?${searchOf({ range: 'all', attribute: `${name}=${value}` })}`}>
            <span className="faint">{name}</span> {value}
          </Link>
        </li>
      ))}
    </ul>
  )
}
