/** What to do while nothing has arrived yet. */
import type { Setup } from '../../api/contract/access.ts'
import { CopyButton } from './copy-button.tsx'
import { Panel } from './panel.tsx'

export function SetupHint({ setup }: { readonly setup: Setup }) {
  const lines = setup.variables.map(({ name, value }) => `export ${name}=${quoted(value)}`)
  const text = [...lines, 'claude'].join('\n')
  return (
    <Panel
      title="Nothing has arrived yet"
      className="setup"
      actions={<CopyButton text={text} label="Copy" />}
    >
      <p>
        In the shell that will run Claude Code (or <code>source claude-telemetry.env</code>, which
        does the same):
      </p>
      <pre>
        {setup.variables.map(({ name, value, why }) => (
          <span key={name} className="setup-line">
            export {name}={quoted(value)}
            <span className="comment"> # {why}</span>
            {'\n'}
          </span>
        ))}
        claude
      </pre>
      <p>
        The first events arrive within seconds of the first prompt; this page updates itself. To
        check the bridge: <code>curl {setup.healthUrl}</code>
      </p>
    </Panel>
  )
}

function quoted(value: string): string {
  return /^[\w.:/-]+$/.test(value) ? value : `'${value}'`
}
