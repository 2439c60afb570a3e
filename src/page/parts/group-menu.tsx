/** A menu of everything that use can be grouped by. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import { GROUP_CHOICES } from '../../api/contract/usage.ts'
import { ask } from '../ask.ts'

export interface GroupMenuProps {
  readonly label: string
  readonly value: string
  /** What is chosen already; where it is given, nothing is a choice as well. */
  readonly without?: string
  readonly onChange: (name: string) => void
}

export function GroupMenu({ label, value, without, onChange }: GroupMenuProps) {
  const { data } = useQuery({
    queryKey: ['facets'],
    queryFn: () => ask(api.facets),
    staleTime: 60_000,
  })
  const attributes = data?.attributes.map((key) => ({ name: `resource:${key}`, label: key })) ?? []
  const known = [...GROUP_CHOICES, ...attributes]
  // What the address bar names is a choice, whatever the menus know.
  const others =
    known.some(({ name }) => name === value) || value === '' ? [] : [{ name: value, label: value }]
  return (
    <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value)}>
      {without !== undefined && <option value="">no second group</option>}
      {[...known, ...others]
        .filter(({ name }) => name !== without)
        .map((choice) => (
          <option key={choice.name} value={choice.name}>
            {without === undefined ? 'by' : 'and'} {choice.label}
          </option>
        ))}
    </select>
  )
}
