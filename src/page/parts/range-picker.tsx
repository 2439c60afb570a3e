/** Which range of time, in bars of which size, and which sessions: kept in the address bar. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Facets, Filter } from '../../api/contract/filter.ts'
import { userName } from '../../api/contract/user-name.ts'
import { BUCKETS } from '../../api/contract/overview.ts'
import { ask } from '../ask.ts'
import { boundsText, CUSTOM, dayStart, dayText, type Range, RANGES, rangeOf } from '../range.ts'
import { type SearchChange, useSearch } from '../use-search.ts'
import { Segments } from './segments.tsx'

/** Filters with a menu, and where its choices come from. */
const MENUS = [
  { name: 'project', label: 'project', from: 'projects' },
  { name: 'team', label: 'team', from: 'teams' },
  { name: 'user', label: 'user', from: 'users' },
  { name: 'model', label: 'model', from: 'models' },
  { name: 'agent', label: 'agent', from: 'agents' },
] as const satisfies readonly { name: keyof Filter; label: string; from: keyof Facets }[]

type Names = (typeof MENUS)[number]['name']

/** The filter that search parameters name, with the end of the range where it has one. */
export function filterOf(search: URLSearchParams): Partial<Filter> {
  const filter: Partial<Record<Names, string>> = {}
  for (const { name } of MENUS) {
    const value = search.get(name)
    if (value !== null && value !== '') filter[name] = value
  }
  const where = search.getAll('where')
  const { to } = rangeOf(search, Date.now())
  return {
    ...filter,
    attribute: search.getAll('attribute'),
    ...(where.length > 0 && { where }),
    ...(to !== undefined && { to }),
  }
}

export function RangePicker({ hasBuckets }: { readonly hasBuckets: boolean }) {
  const [search, setSearch] = useSearch()
  const range = rangeOf(search, Date.now())
  const { id, bucket } = range
  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    setSearch((before) => {
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined || value === '') before.delete(name)
        else before.set(name, value)
      }
    })
  }
  return (
    <div className="picker">
      <Segments
        label="Range"
        segments={SEGMENTS}
        value={id}
        onChange={(chosen) =>
          chosen === CUSTOM
            ? change({ range: undefined, by: undefined, ...startingBounds(range) })
            : change({ range: chosen, by: undefined, from: undefined, to: undefined })
        }
      />
      {id === CUSTOM && <Bounds from={range.from} to={range.to} onChange={change} />}
      {hasBuckets && (
        <Menu
          label="Bars by"
          // Unless somebody chose a size, the chart finds the one that suits its data.
          value={search.has('by') ? bucket : ''}
          options={[
            { value: '', text: 'automatic bars' },
            ...BUCKETS.map((size) => ({ value: size, text: `by ${size}` })),
          ]}
          onChange={(by) => change({ by })}
        />
      )}
      <FilterMenus search={search} onChange={(name, value) => change({ [name]: value })} />
      {CHIPS.map((name) => (
        <Chips key={name} name={name} search={search} onChange={setSearch} />
      ))}
    </div>
  )
}

const SEGMENTS = [...RANGES, { id: CUSTOM, label: 'Custom' }]

/** The range that was looked at, to be changed; the last week where that was everything. */
function startingBounds({ from, to }: Pick<Range, 'from' | 'to'>): { from: string; to: string } {
  const nowMs = Date.now()
  return boundsText(from ?? dayStart(nowMs, -6), to ?? dayStart(nowMs, 1))
}

/** The first and the last day of a range of one's own. */
function Bounds({
  from,
  to,
  onChange,
}: Pick<Range, 'from' | 'to'> & {
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void
}) {
  const first = from === undefined ? '' : dayText(from)
  const last = to === undefined ? '' : dayText(to - 1)
  return (
    <>
      <DayField
        label="From"
        value={first}
        max={last}
        onChange={(day) => onChange({ from: day, by: undefined })}
      />
      <DayField
        label="To"
        value={last}
        min={first}
        onChange={(day) => onChange({ to: day, by: undefined })}
      />
    </>
  )
}

interface DayFieldProps {
  readonly label: string
  readonly value: string
  readonly min?: string
  readonly max?: string
  readonly onChange: (day: string | undefined) => void
}

function DayField({ label, value, onChange, ...bounds }: DayFieldProps) {
  return (
    <input
      type="date"
      aria-label={label}
      value={value}
      {...bounds}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
    />
  )
}

function FilterMenus({
  search,
  onChange,
}: {
  readonly search: URLSearchParams
  readonly onChange: (name: string, value: string) => void
}) {
  const { data } = useQuery({
    queryKey: ['facets'],
    queryFn: () => ask(api.facets),
    staleTime: 60_000,
  })
  return MENUS.map(({ name, label, from }) => {
    const value = search.get(name) ?? ''
    const choices = new Set([...(data?.[from] ?? []), ...(value === '' ? [] : [value])])
    if (choices.size < 2 && value === '') return null
    const options = [...choices].map((choice) => ({
      value: choice,
      text: name === 'user' ? userName(choice) : choice,
    }))
    return (
      <Menu
        key={name}
        label={label}
        value={value}
        options={[{ value: '', text: `any ${label}` }, ...options]}
        onChange={(chosen) => onChange(name, chosen)}
      />
    )
  })
}

/** Filters that may be several: by resource attributes, and by names of groups. */
const CHIPS = ['attribute', 'where'] as const satisfies readonly (keyof Filter)[]

/** Each to be taken away; added on a session's page, in a table, or by hand. */
function Chips({
  name,
  search,
  onChange,
}: {
  readonly name: (typeof CHIPS)[number]
  readonly search: URLSearchParams
  readonly onChange: (change: SearchChange) => void
}) {
  return search.getAll(name).map((value) => (
    <button
      key={value}
      type="button"
      className="chip"
      title="Remove this filter"
      onClick={() => onChange((before) => before.delete(name, value))}
    >
      {value} <span aria-hidden="true">×</span>
      <span className="sr-only">, remove this filter</span>
    </button>
  ))
}

interface MenuProps {
  readonly label: string
  readonly value: string
  readonly options: readonly { readonly value: string; readonly text: string }[]
  readonly onChange: (value: string) => void
}

function Menu({ label, value, options, onChange }: MenuProps) {
  return (
    <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value)}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  )
}
