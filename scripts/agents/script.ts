/**
 * What the scripted model answers, and what it has answered: the truth to compare with. A prompt names
 * its script by a marker; a request takes the next reply of the script of the newest marker in it, and
 * the last reply is repeated.
 */

/** Tokens as the APIs report them: `input` includes `cached`, `output` includes `reasoning`. */
export interface Usage {
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly reasoning: number
}

export interface ToolCall {
  readonly name: string
  /** JSON for most tools, free text for some. */
  readonly input: unknown
}

export interface Answer {
  readonly text?: string
  readonly tool?: ToolCall
  readonly usage: Usage
}

/** A status code is a refusal. */
export type Reply = Answer | { readonly status: number }

export interface Script {
  /** The reply to a request with that body; `isSide` where it offers no tools. */
  next(body: string, isSide: boolean): Reply
}

export interface ServedCall {
  readonly model: string
  readonly reply: Reply
}

export const isAnswer = (reply: Reply): reply is Answer => 'usage' in reply

export const markerOf = (name: string): string => `[[${name}]]`
const MARKER = /\[\[([a-z]+)\]\]/g

/** What nobody asked for: a title, a summary. */
const SIDE: Answer = {
  text: 'Scripted title',
  usage: { input: 210, cached: 0, output: 11, reasoning: 0 },
}

const UNSCRIPTED: Answer = {
  text: 'Nothing is scripted for this prompt.',
  usage: { input: 10, cached: 0, output: 8, reasoning: 0 },
}

export function createScript(replies: Readonly<Record<string, readonly Reply[]>>): Script {
  const served = new Map<string, number>()
  return {
    next: (body, isSide) => {
      if (isSide) return SIDE
      const marker = [...body.matchAll(MARKER)].at(-1)?.[1] ?? ''
      const step = served.get(marker) ?? 0
      served.set(marker, step + 1)
      const of = replies[marker] ?? []
      return of[Math.min(step, of.length - 1)] ?? UNSCRIPTED
    },
  }
}

/** Three tools, of which the last fails; a server error before the second answer; two prompts. */
export function replies(tools: readonly [ToolCall, ToolCall, ToolCall]) {
  const [shell, write, failing] = tools
  return {
    one: [
      { tool: shell, usage: { input: 12_100, cached: 8064, output: 88, reasoning: 21 } },
      { status: 500 },
      { tool: write, usage: { input: 12_250, cached: 12_032, output: 64, reasoning: 0 } },
      { tool: failing, usage: { input: 12_400, cached: 12_160, output: 71, reasoning: 5 } },
      { text: 'Made.', usage: { input: 12_600, cached: 12_288, output: 17, reasoning: 3 } },
    ],
    two: [{ text: 'Yes.', usage: { input: 12_800, cached: 12_544, output: 9, reasoning: 0 } }],
  } satisfies Readonly<Record<string, readonly Reply[]>>
}
