/** A session's resource attributes; each leads to all sessions that have it. */
import { Link } from 'wouter'
import { searchOf } from '../ask.ts'
import { Empty } from './state.tsx'

/** What the bridge cuts a value to: what is longer cannot be filtered by. */
const MAX_VALUE_LENGTH = 1000

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
          {value.length < MAX_VALUE_LENGTH || !value.endsWith('…') ? (
            <Link href={`/sessions?${searchOf({ range: 'all', attribute: `${name}=${value}` })}`}>
              <span className="faint">{name}</span> {value}
            </Link>
          ) : (
            <span>
              <span className="faint">{name}</span> {value}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
