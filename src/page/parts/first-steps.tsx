/** What a set-up consists of, step by step; each turns green by itself once the bridge sees it. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Setup } from '../../api/contract/access.ts'
import { api } from '../../api/contract/api.ts'
import { ask } from '../ask.ts'
import { useMay } from '../rights.ts'
import { CopyButton } from './copy-button.tsx'
import { Panel } from './panel.tsx'

const INSTALL = 'claude-telemetry install'
/** In the browser's storage, once somebody does not want to see the steps any more. */
const HIDDEN_KEY = 'first-steps-hidden'

interface Step {
  readonly title: string
  readonly isDone: boolean
  /** What to do, or what it means. */
  readonly body: ReactNode
}

export function FirstSteps({ setup }: { readonly setup: Setup }) {
  const [isHidden, setHidden] = useState(() => localStorage.getItem(HIDDEN_KEY) !== null)
  const steps = useSteps(setup)
  const done = steps.filter(({ isDone }) => isDone).length
  if (!setup.hasArrived) {
    return (
      <Panel title="First steps" note={`${done} of ${steps.length} done`}>
        <StepList steps={steps} />
      </Panel>
    )
  }
  if (isHidden || done === steps.length) return null
  return (
    <details className="panel first-steps">
      <summary>
        Set-up: {done} of {steps.length} steps done
      </summary>
      <h2 className="sr-only">Set-up</h2>
      <StepList steps={steps} />
      <p className="more">
        <button
          type="button"
          className="quiet"
          onClick={() => {
            localStorage.setItem(HIDDEN_KEY, '1')
            setHidden(true)
          }}
        >
          Do not show this again
        </button>
      </p>
    </details>
  )
}

function StepList({ steps }: { readonly steps: readonly Step[] }) {
  const next = steps.findIndex(({ isDone }) => !isDone)
  return (
    <ol className="steps">
      {steps.map(({ title, isDone, body }, index) => (
        <li key={title} className={isDone ? 'step-done' : ''}>
          <span className="step-mark" aria-hidden="true">
            {isDone ? '✓' : index + 1}
          </span>
          <div>
            <h3>
              {title}
              <span className="sr-only">{isDone ? ', done' : ', to do'}</span>
            </h3>
            {(!isDone || index <= next) && body}
          </div>
        </li>
      ))}
    </ol>
  )
}

function useSteps(setup: Setup): readonly Step[] {
  const { hasArrived, seen } = setup
  const mayRead = useMay('read:all')
  const { data: delivery } = useQuery({
    enabled: mayRead,
    queryKey: ['delivery'],
    queryFn: () => ask(api.delivery),
    refetchInterval: 3_000,
  })
  const langfuse = delivery?.langfuse
  const requests = delivery?.ingest.requests ?? 0
  const refused = delivery?.ingest.errors ?? 0
  return [
    {
      title: 'The bridge runs',
      isDone: true,
      body: (
        <p>
          It answers at <code>{setup.healthUrl}</code>.
        </p>
      ),
    },
    {
      title: 'An agent sends here',
      isDone: hasArrived || requests > refused,
      body: <AgentStep setup={setup} refused={refused} />,
    },
    {
      title: 'The first event has arrived',
      isDone: hasArrived,
      body: (
        <p>
          Start the agent anew and give it a prompt. Events arrive within seconds, metrics within a
          minute.
        </p>
      ),
    },
    {
      title:
        seen?.prompts === true && !seen.promptTexts ? 'Content is off' : 'Content is on or off',
      isDone: seen?.prompts === true,
      body: (
        <p>
          {seen?.promptTexts === true
            ? 'Prompts are sent with their text: sessions have titles, and can be searched.'
            : 'Without content, cost, tokens, tools and errors are complete, but prompts, answers and commands are not sent.'}{' '}
          <Command text={`${INSTALL} --content prompts,responses,tools`} /> shows them here;{' '}
          <code>CONTENT_PROMPTS=drop</code> on the bridge removes them again before anything is
          stored.
        </p>
      ),
    },
    {
      title: 'Hooks report exact ends',
      isDone: seen?.hooks === true,
      body: (
        <p>
          Optional: turns and sessions end when they do, and sessions know their folder and branch.{' '}
          <Command text={`${INSTALL} --hooks`} />
        </p>
      ),
    },
    {
      title: 'The status line reports plan windows',
      isDone: seen?.planWindows === true,
      body: (
        <p>
          Optional: cost and budget stand below the prompt, and how much of a subscription is used
          stands on this page. <Command text={`${INSTALL} --statusline`} />
        </p>
      ),
    },
    {
      title: 'Langfuse gets what arrives',
      isDone: langfuse?.state === 'connected',
      body:
        langfuse?.state === 'unreachable' || langfuse?.state === 'unauthorized' ? (
          <p className="bad">{langfuse.lastError ?? `Langfuse is ${langfuse.state}.`}</p>
        ) : (
          <p>
            Optional: start the bridge with <code>LANGFUSE_PUBLIC_KEY</code> and{' '}
            <code>LANGFUSE_SECRET_KEY</code>. Until then everything is kept here.
          </p>
        ),
    },
  ]
}

function AgentStep({ setup, refused }: { readonly setup: Setup; readonly refused: number }) {
  const lines = setup.variables.map(({ name, value }) => `export ${name}=${quoted(value)}`)
  return (
    <>
      {refused > 0 && (
        <p className="bad">Requests arrive, but are refused; the view Delivery says why.</p>
      )}
      <p>
        <Command text={INSTALL} /> writes the settings of Claude Code; with{' '}
        <code>--agent codex</code>, or another name, those of another agent.
      </p>
      <details>
        <summary>Or export them in the shell that runs the agent</summary>
        <pre>
          {setup.variables.map(({ name, value, why }) => (
            <span key={name} className="setup-line">
              export {name}={quoted(value)}
              <span className="comment"> # {why}</span>
              {'\n'}
            </span>
          ))}
        </pre>
        <CopyButton text={[...lines, 'claude'].join('\n')} label="Copy" />
      </details>
    </>
  )
}

function Command({ text }: { readonly text: string }) {
  return (
    <span className="command">
      <code>{text}</code> <CopyButton text={text} label="Copy" />
    </span>
  )
}

function quoted(value: string): string {
  return /^[\w.:/-]+$/.test(value) ? value : `'${value}'`
}
