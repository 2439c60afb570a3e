/** The frame around every view: who may look, navigation, budgets, and which view it is. */
import { useQuery } from '@tanstack/react-query'
import { Route, Switch, useLocation } from 'wouter'
import type { Me } from '../api/contract/access.ts'
import { api } from '../api/contract/api.ts'
import { ask } from './ask.ts'
import { forgetKey } from './key.ts'
import { Rights } from './rights.ts'
import { BudgetBanner } from './parts/budget-banner.tsx'
import { Failed, Loading } from './parts/state.tsx'
import { TopBar } from './parts/top-bar.tsx'
import { DeliveryView } from './views/delivery.tsx'
import { LiveView } from './views/live.tsx'
import { LoginView } from './views/login.tsx'
import { OverviewView } from './views/overview.tsx'
import { SessionView } from './views/session.tsx'
import { SessionsView } from './views/sessions.tsx'

export function App() {
  const me = useQuery({ queryKey: ['me'], queryFn: whoLooks, refetchInterval: 60_000 })
  if (me.data === undefined) return me.isError ? <Failed error={me.error} /> : <Loading />
  if (!me.data.isLoggedIn) return <LoginView me={me.data} />
  return (
    <Rights value={me.data.rights}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <TopBar me={me.data} />
      <BudgetBanner />
      <main id="main" tabIndex={-1}>
        <Views />
      </main>
    </Rights>
  )
}

/** A key that does not let in is of no use any more. */
async function whoLooks(): Promise<Me> {
  const me = await ask(api.me)
  if (!me.isLoggedIn) forgetKey()
  return me
}

/** Paths as the server knows them, too (`api/page-routes.ts`). */
function Views() {
  const [path] = useLocation()
  return (
    <Switch>
      <Route path="/">
        <OverviewView />
      </Route>
      <Route path="/sessions">
        <SessionsView />
      </Route>
      <Route path="/sessions/*">
        <SessionView key={path} />
      </Route>
      <Route path="/live">
        <LiveView />
      </Route>
      <Route path="/delivery">
        <DeliveryView />
      </Route>
      <Route>
        <p className="empty">Page not found.</p>
      </Route>
    </Switch>
  )
}
