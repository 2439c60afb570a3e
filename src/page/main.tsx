/** The page's entry: one tree, one cache of answers. */
import './interpreted-schemas.ts'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { isLoginNeeded, isWorthRetrying } from './ask.ts'
import { takeKeyFromAddress } from './key.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/charts.css'
import './styles/views.css'

takeKeyFromAddress()
// The address of `claude-telemetry open`, put into a tab that shows the page already.
window.addEventListener('hashchange', () => {
  if (takeKeyFromAddress()) location.reload()
})

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isLoginNeeded(error)) void queries.invalidateQueries({ queryKey: ['me'] })
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && isWorthRetrying(error),
    },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element "root"')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
