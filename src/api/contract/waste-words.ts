/** What each kind of waste is called, and what to do about it: the same words wherever it is shown. */
import type { WasteFinding } from './waste.ts'

export interface WasteWords {
  readonly title: string
  readonly advice: string
}

export const wasteWords: Readonly<Record<WasteFinding['kind'], WasteWords>> = {
  retry_loop: {
    title: 'Retry loop',
    advice: 'Find out why it fails, and put the working way into CLAUDE.md or AGENTS.md.',
  },
  repeated_read: {
    title: 'Read again',
    advice: 'The file had not changed. Ask for the part that matters, or name it in the prompt.',
  },
  cold_cache: {
    title: 'Cold cache',
    advice: 'Finish a task before a break, or start fresh after it (/clear, /compact).',
  },
  compaction: {
    title: 'Compaction',
    advice: 'Start a new session for a new task: a shorter conversation is cheaper in every call.',
  },
  large_result: {
    title: 'Large result',
    advice: 'Have the tool return less: filter its output, or read a range of the file.',
  },
  expensive_subagent: {
    title: 'Expensive subagent',
    advice: 'Its answers were short. Set a cheaper model for this kind of subagent.',
  },
  waiting: {
    title: 'Waiting',
    advice: 'Allow what you always approve (permissions.allow), or get notified.',
  },
}

/** Less than this in a session, or in all that are looked at, is not worth a habit. */
const MIN_USD = 0.01

/** Whether a finding is worth showing to a person. */
export function isWorthShowing({ usd }: { readonly usd: number | null }): boolean {
  return usd === null || usd >= MIN_USD
}
