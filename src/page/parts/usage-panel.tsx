/** What was used, split by one group or two at once: a choice that stays in the address bar. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import { GROUP_CHOICES, type UsageAnswer, type UsageRow } from '../../api/contract/usage.ts'
import { ask } from '../ask.ts'
import { formatCount } from '../format/count.ts'
import { TIME_ZONE } from '../format/moment.ts'
import { useSearch } from '../use-search.ts'
import { costColumn, tokensColumn } from './columns.tsx'
import { DataTable } from './data-table.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'
import { Failed, Loading } from './state.tsx'

/** In the address bar: `?split=project,model`. */
const PARAMETER = 'split'
const USUAL = ['project', 'model']
/** Rows shown; the rest is one more. */
const LIMIT = 50

export function UsagePanel({ filter }: { readonly filter: Partial<Filter> }) {
  const [search, setSearch] = useSearch()
  const [first = USUAL[0] as string, second = ''] = search.get(PARAMETER)?.split(',') ?? USUAL
  const group = [first, second].filter((name) => name !== '').join(',')
  const query = { ...filter, tz: TIME_ZONE, group, limit: LIMIT }
  const { data, error, isError, isPending } = useQuery({
    queryKey: ['usage', query],
    queryFn: () => ask(api.usage, { query }),
    placeholderData: keepPreviousData,
  })
  const choose = (names: readonly string[]): void =>
    setSearch((before) => {
      before.set(PARAMETER, names.filter((name) => name !== '').join(','))
    })
  return (
    <Panel
      title="Split"
      actions={
        <>
          <GroupMenu
            label="Split by"
            value={first}
            onChange={(name) => choose([name, second === name ? '' : second])}
          />
          <GroupMenu
            label="and by"
            value={second}
            without={first}
            onChange={(name) => choose([first, name])}
          />
        </>
      }
    >
      {isError && <Failed error={error} />}
      {isPending && <Loading />}
      {data !== undefined && <UsageTable usage={data} />}
    </Panel>
  )
}

function UsageTable({ usage: { groups, rows } }: { readonly usage: UsageAnswer }) {
  const most = Math.max(...rows.map(({ costUsd }) => costUsd ?? 0), 0)
  return (
    <DataTable
      caption={`Split by ${groups.map(({ label }) => label).join(' and ')}`}
      rows={rows}
      keyOf={({ names }, index) => `${index} ${names.join(' ')}`}
      columns={[
        ...groups.map(({ label }, at) => ({
          name: label.charAt(0).toUpperCase() + label.slice(1),
          cell: ({ names, links, costUsd }: UsageRow) => (
            <>
              <GroupName name={names[at] ?? null} link={links?.[at] ?? null} />
              {at === 0 && <Meter part={costUsd ?? 0} whole={most} />}
            </>
          ),
        })),
        costColumn<UsageRow>(({ modelCalls }) => modelCalls),
        tokensColumn,
        {
          name: 'Sessions',
          isNumber: true,
          isMinor: true,
          cell: ({ sessions }) => formatCount(sessions),
        },
      ]}
    />
  )
}

function GroupName({ name, link }: { readonly name: string | null; readonly link: string | null }) {
  // What an agent told may be any address; only pages of the web are led to.
  if (link !== null && /^https?:\/\//.test(link)) {
    return (
      <a className="name" href={link} target="_blank" rel="noreferrer">
        {name}
      </a>
    )
  }
  return <span className={name === null ? 'faint' : 'name'}>{name ?? 'not named'}</span>
}

interface GroupMenuProps {
  readonly label: string
  readonly value: string
  /** What is chosen already; where it is given, nothing is a choice as well. */
  readonly without?: string
  readonly onChange: (name: string) => void
}

function GroupMenu({ label, value, without, onChange }: GroupMenuProps) {
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
      {without !== undefined && <option value="">and nothing else</option>}
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
