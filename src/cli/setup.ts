/** `setup`: what a set-up consists of, how far it is, and the next command; the same steps as on the page. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { ok } from '../domain/result.ts'
import {
  nextStep,
  type SetupFacts,
  type SetupStep,
  setupSteps,
  type StepState,
} from '../domain/setup-steps.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import type { CliContext } from './context.ts'
import { configuredBridge } from './folder-bridge.ts'
import { type Conclude, jsonDocument, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

interface Options {
  readonly json?: boolean
}

export function addSetup(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('setup')
    .summary('show the steps of a set-up, and which is next')
    .description(
      'Leads through the set-up, as the page does: the bridge, an agent, content, hooks, the status\n' +
        'line, Langfuse. Each step is done once the bridge sees it; nothing is changed.',
    )
    .option('--json', 'print the steps as JSON')
    .action((options: Options) => concluded(setup(context, options)))
}

async function setup(context: CliContext, { json = false }: Options): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { facts, problem } = await factsOf(config.value)
  const steps = setupSteps(facts)
  const next = nextStep(steps)
  if (json) {
    return ok({
      document: jsonDocument({ steps, next: next?.id ?? null, problem: problem ?? null }),
    })
  }
  return ok({ lines: stepLines(steps, problem, context.stdout) })
}

async function factsOf(
  config: Config,
): Promise<{ readonly facts: SetupFacts; readonly problem?: string }> {
  const bridge = configuredBridge(config)
  const nothing: SetupFacts = {
    healthUrl: undefined,
    ...{ hasArrived: false, seen: undefined, requests: undefined, langfuse: undefined },
  }
  const setup = await bridge.setup()
  if (!setup.ok) {
    return { facts: nothing, problem: `The bridge at ${bridge.address} ${setup.error}.` }
  }
  const { healthUrl, hasArrived, seen } = setup.value
  // Some keys may not read it.
  const delivery = await bridge.delivery()
  const { ingest, langfuse } = delivery.ok ? delivery.value : {}
  const requests = ingest && { total: ingest.requests, refused: ingest.errors }
  return { facts: { healthUrl, hasArrived, seen, requests, langfuse } }
}

const MARKS: Readonly<Record<StepState, readonly [string, Style]>> = {
  done: ['done', 'green'],
  todo: ['todo', 'yellow'],
  optional: ['    ', 'gray'],
  wrong: ['FAIL', 'red'],
}
const INDENT = ' '.repeat(6)

function stepLines(
  steps: readonly SetupStep[],
  problem: string | undefined,
  terminal: Terminal,
): readonly TextLine[] {
  const lines = (text: string | undefined): readonly string[] => {
    if (text === undefined) return []
    const [first = '', ...rest] = wrapped(withoutUrlPasswords(text), terminal, INDENT.length)
    return [`${INDENT}${first}`, ...rest]
  }
  const next = nextStep(steps)
  const done = steps.filter(({ state }) => state === 'done').length
  return [
    `Set-up: ${done} of ${steps.length} steps done.`,
    ...(problem === undefined ? [] : [withoutUrlPasswords(problem)]),
    '',
    ...steps.flatMap((step): TextLine[] => {
      const [mark, style] = MARKS[step.state]
      const title = [styled(style, mark), `  ${step.title}`]
      // What content means is told in either state.
      if (step.state === 'done' && step.id !== 'content') return [title]
      const command = step.command === undefined ? [] : [`${INDENT}→ ${step.command}`]
      return [title, ...lines(step.problem), ...lines(step.text), ...command, ...lines(step.more)]
    }),
    '',
    next === undefined
      ? 'Everything is set up.'
      : `Next: ${next.title.toLowerCase()}${next.command === undefined ? '' : `: ${next.command}`}`,
  ]
}
