/**
 * What a set-up consists of, step by step, as the page and `claude-telemetry setup` lead through it. Pure: each
 * step is done once the bridge sees it.
 */

/** What is seen of a set-up. */
export interface SetupFacts {
  /** Where the bridge says how it is; absent where none answers. */
  readonly healthUrl: string | undefined
  readonly hasArrived: boolean
  readonly seen:
    | {
        readonly prompts: boolean
        readonly promptTexts: boolean
        readonly hooks: boolean
        readonly planWindows: boolean
      }
    | undefined
  /** Requests of agents, and those of them that were refused; absent where nobody may know. */
  readonly requests: { readonly total: number; readonly refused: number } | undefined
  readonly langfuse: { readonly state: string; readonly lastError: string | null } | undefined
}

/** `wrong`: something is in the way. `optional`: to do, or to leave. */
export type StepState = 'done' | 'todo' | 'optional' | 'wrong'

export interface SetupStep {
  readonly id: 'bridge' | 'agent' | 'event' | 'content' | 'hooks' | 'statusline' | 'langfuse'
  readonly title: string
  readonly state: StepState
  /** What it means, and what to do. */
  readonly text: string
  /** What is in the way. */
  readonly problem?: string
  /** The command that does it. */
  readonly command?: string
  /** What can be done beside it. */
  readonly more?: string
}

const INSTALL = 'claude-telemetry install'

export function setupSteps(facts: SetupFacts): readonly SetupStep[] {
  const { healthUrl, hasArrived, seen, requests, langfuse } = facts
  const isRefused = (requests?.refused ?? 0) > 0
  const isReached = hasArrived || (requests?.total ?? 0) > (requests?.refused ?? 0)
  const isLangfuseWrong = langfuse?.state === 'unreachable' || langfuse?.state === 'unauthorized'
  return [
    {
      id: 'bridge',
      title: 'The bridge runs',
      ...(healthUrl === undefined
        ? {
            state: 'todo',
            text: 'It takes what agents send, and keeps it.',
            command: 'claude-telemetry',
          }
        : { state: 'done', text: `It answers at ${healthUrl}.` }),
    },
    {
      id: 'agent',
      title: 'An agent sends here',
      state: isReached ? 'done' : isRefused ? 'wrong' : 'todo',
      text: 'This writes the settings of Claude Code; with --agent codex, or another name, those of another agent.',
      command: INSTALL,
      ...(isRefused && {
        problem: 'Requests arrive, but are refused; the view Delivery says why.',
      }),
    },
    {
      id: 'event',
      title: 'The first event has arrived',
      state: hasArrived ? 'done' : 'todo',
      text: 'Start the agent anew and give it a prompt. Events arrive within seconds, metrics within a minute.',
    },
    contentStep(seen),
    {
      id: 'hooks',
      title: 'Hooks report exact ends',
      state: seen?.hooks === true ? 'done' : 'optional',
      text: 'Optional: turns and sessions end when they do, and sessions know their folder and branch.',
      command: `${INSTALL} --hooks`,
    },
    {
      id: 'statusline',
      title: 'The status line reports plan windows',
      state: seen?.planWindows === true ? 'done' : 'optional',
      text: 'Optional: cost and budget stand below the prompt, and how much of a subscription is used stands on the page.',
      command: `${INSTALL} --statusline`,
    },
    {
      id: 'langfuse',
      title: 'Langfuse gets what arrives',
      state: langfuse?.state === 'connected' ? 'done' : isLangfuseWrong ? 'wrong' : 'optional',
      text: 'Optional: start the bridge with LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY. Until then everything is kept here.',
      ...(isLangfuseWrong && { problem: langfuse.lastError ?? `Langfuse is ${langfuse.state}.` }),
    },
  ]
}

function contentStep(seen: SetupFacts['seen']): SetupStep {
  const { prompts, promptTexts } = seen ?? { prompts: false, promptTexts: false }
  return {
    id: 'content',
    title: prompts && !promptTexts ? 'Content is off' : 'Content is on or off',
    state: prompts ? 'done' : 'todo',
    text: promptTexts
      ? 'Prompts are sent with their text: sessions have titles, and can be searched.'
      : 'Without content, cost, tokens, tools and errors are complete, but prompts, answers and commands are not sent. This shows them here:',
    ...(!promptTexts && { command: `${INSTALL} --content prompts,responses,tools` }),
    more: 'CONTENT_PROMPTS=drop on the bridge removes them before anything is stored.',
  }
}

/** The first that is not done, those before that can be left included. */
export function nextStep(steps: readonly SetupStep[]): SetupStep | undefined {
  return steps.find(({ state }) => state !== 'done')
}
