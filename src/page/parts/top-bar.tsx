/** Name, navigation, theme, logout. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import type { Me } from '../../api/contract/access.ts'
import { api } from '../../api/contract/api.ts'
import { ask } from '../ask.ts'
import { forgetKey } from '../key.ts'
import { formatCompact } from '../format/count.ts'
import { may } from '../rights.ts'
import { THEMES, useTheme } from '../theme.ts'

const LINKS = [
  { href: '/', label: 'Overview' },
  { href: '/sessions', label: 'Sessions' },
  { href: '/live', label: 'Live' },
  { href: '/delivery', label: 'Delivery' },
] as const

export function TopBar({ me }: { readonly me: Me }) {
  const [path] = useLocation()
  const seesDelivery = may(me.rights, 'read:all')
  const dead = useDeadItems(seesDelivery)
  const links = LINKS.filter(({ href }) => href !== '/delivery' || seesDelivery)
  return (
    <header className="top-bar">
      <Link href="/" className="brand" title={`claude-telemetry ${me.version}`}>
        <img src="/favicon.svg" alt="" width="20" height="20" />
        <span>claude-telemetry</span>
      </Link>
      <nav aria-label="Views">
        {links.map(({ href, label }) => (
          <Link key={href} href={href} aria-current={isCurrent(href, path) ? 'page' : undefined}>
            {label}
            {href === '/delivery' && dead > 0 && (
              <span className="badge badge-error">
                {formatCompact(dead)}
                <span className="sr-only"> dead items</span>
              </span>
            )}
          </Link>
        ))}
      </nav>
      <div className="top-bar-end">
        <ThemeSwitch />
        {me.rights !== undefined && <Who rights={me.rights} />}
        {me.access !== 'loopback' && <LogOut />}
      </div>
    </header>
  )
}

function isCurrent(href: string, path: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)
}

function Who({ rights }: { readonly rights: NonNullable<Me['rights']> }) {
  const { name, team } = rights
  return <span className="faint">{team === null ? name : `${name} · ${team}`}</span>
}

function useDeadItems(enabled: boolean): number {
  const delivery = useQuery({
    enabled,
    queryKey: ['delivery'],
    queryFn: () => ask(api.delivery),
    refetchInterval: 30_000,
  })
  return delivery.data?.outbox.dead ?? 0
}

function ThemeSwitch() {
  const [theme, setTheme] = useTheme()
  return (
    <label className="theme-switch">
      <span className="sr-only">Theme</span>
      <select
        value={theme}
        onChange={({ target }) => setTheme(THEMES.find((one) => one === target.value) ?? 'auto')}
      >
        <option value="auto">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  )
}

function LogOut() {
  const queries = useQueryClient()
  const logOut = useMutation({
    mutationFn: () => {
      forgetKey()
      return ask(api.logout)
    },
    onSuccess: (me) => {
      queries.setQueryData(['me'], me)
      // What one person was shown is not there for the next.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
    },
  })
  return (
    <button type="button" className="quiet" onClick={() => logOut.mutate()}>
      Log out
    </button>
  )
}
