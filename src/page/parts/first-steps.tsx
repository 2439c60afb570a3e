/** What a set-up consists of, step by step; each turns green by itself once the bridge sees it. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Setup } from '../../api/contract/access.ts'
import { api } from '../../api/contract/api.ts'
import { type SetupStep, setupSteps } from '../../domain/setup-steps.ts'
import { ask } from '../ask.ts'
import { useMay } from '../rights.ts'
import { CopyButton } from './copy-button.tsx'
import { Panel } from './panel.tsx'

/** In the browser's storage, once somebody does not want to see the steps any more. */
const HIDDEN_KEY = 'first-steps-hidden'

export function FirstSteps({ setup }: { readonly setup: Setup }) {
  const [isHidden, setHidden] = useState(() => localStorage.getItem(HIDDEN_KEY) !== null)
  const steps = useSteps(setup)
  const done = steps.filter(({ state }) => state === 'done').length
  if (!setup.hasArrived) {
    return (
      <Panel title="First steps" note={`${done} of ${steps.length} done`}>
        <StepList steps={steps} setup={setup} />
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
      <StepList steps={steps} setup={setup} />
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

function StepList({
  steps,
  setup,
}: {
  readonly steps: readonly SetupStep[]
  readonly setup: Setup
}) {
  const next = steps.findIndex(({ state }) => state !== 'done')
  return (
    <ol className="steps">
      {steps.map((step, index) => {
        const isDone = step.state === 'done'
        return (
          <li key={step.id} className={isDone ? 'step-done' : ''}>
            <span className="step-mark" aria-hidden="true">
              {isDone ? '✓' : index + 1}
            </span>
            <div>
              <h3>
                {step.title}
                <span className="sr-only">{isDone ? ', done' : ', to do'}</span>
              </h3>
              {(!isDone || index <= next) && <StepBody step={step} setup={setup} />}
            </div>
          </li>
        )
      })}
    </ol>
  )
}

function StepBody({ step, setup }: { readonly step: SetupStep; readonly setup: Setup }) {
  const { id, problem, text, command, more } = step
  return (
    <>
      {problem !== undefined && <p className="bad">{problem}</p>}
      <p>
        {text} {command !== undefined && <Command text={command} />} {more}
      </p>
      {id === 'agent' && <Variables setup={setup} />}
    </>
  )
}

function useSteps({ healthUrl, hasArrived, seen }: Setup): readonly SetupStep[] {
  const mayRead = useMay('read:all')
  const { data: delivery } = useQuery({
    enabled: mayRead,
    queryKey: ['delivery'],
    queryFn: () => ask(api.delivery),
    refetchInterval: 3_000,
  })
  const { ingest, langfuse } = delivery ?? {}
  const requests = ingest && { total: ingest.requests, refused: ingest.errors }
  return setupSteps({ healthUrl, hasArrived, seen, requests, langfuse })
}

function Variables({ setup }: { readonly setup: Setup }) {
  const lines = setup.variables.map(({ name, value }) => `export ${name}=${quoted(value)}`)
  return (
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
