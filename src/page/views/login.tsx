/** Asks for the key of the bridge. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type SubmitEvent, useState } from 'react'
import type { Me } from '../../api/contract/access.ts'
import { api, OIDC_LOGIN_PATH } from '../../api/contract/api.ts'
import { ask } from '../ask.ts'
import { keepKey } from '../key.ts'
import { Failed } from '../parts/state.tsx'

export function LoginView({ me: { access, oidc = false } }: { readonly me: Me }) {
  const [key, setKey] = useState('')
  const queries = useQueryClient()
  const logIn = useMutation({
    mutationFn: () => ask(api.login, { body: { key } }),
    onSuccess: (me) => {
      keepKey(key)
      queries.setQueryData(['me'], me)
    },
  })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    logIn.mutate()
  }
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1>
          <img src="/favicon.svg" alt="" width="28" height="28" /> claude-telemetry
        </h1>
        {oidc && (
          <a className="button" href={OIDC_LOGIN_PATH}>
            Log in with your organization
          </a>
        )}
        {access === 'token' && (
          <p>
            Run <code>claude-telemetry open</code> on this machine: it opens this page with the
            bridge’s access token.
          </p>
        )}
        <label>
          {access === 'token' ? 'Access token of the bridge' : 'API key of the bridge'}
          <input
            type="password"
            autoComplete="current-password"
            required
            value={key}
            onChange={({ target }) => setKey(target.value)}
          />
        </label>
        {logIn.isError && <Failed error={logIn.error} />}
        <button type="submit" className="primary" disabled={logIn.isPending}>
          Log in
        </button>
      </form>
    </main>
  )
}
