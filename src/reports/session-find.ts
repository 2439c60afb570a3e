/** Where a text stands in a session: whole prompts, answers, inputs and outputs are looked through, not only what lists show. */
import type { Emission, Observation } from '../domain/emission.ts'
import { ownText } from '../domain/own-text.ts'
import { safeLine } from '../domain/safe-text.ts'
import type { FindAnswer, FindQuery, SessionMatch } from '../api/contract/session-find.ts'
import type { Pause } from './pause.ts'
import { createRecordedText, type RecordedText } from './recorded-text.ts'
import type { Gathering, SessionFolds } from './session-folds.ts'
import { isRoot, turnKeyOf } from './turn-heads.ts'
import { itemHead } from './waterfall.ts'

const MAX_MATCHES = 500
const MAX_EXCERPT = 120
/** Of it stands before the text. */
const BEFORE = 40

export interface FindDeps {
  readonly folds: SessionFolds
  readonly pause: Pause
  readonly maxContentLength: number
}

/** Undefined when the session has no records. */
export async function findInSession(
  { folds, pause, maxContentLength }: FindDeps,
  sessionKey: string,
  { q }: FindQuery,
): Promise<FindAnswer | undefined> {
  const create = () => {
    const text = createRecordedText(maxContentLength)
    const matches = createMatches(sessionKey, q.toLowerCase(), text)
    return {
      matches,
      add: (...[emissions, arrivals]: Parameters<Gathering['add']>) => {
        text.see(arrivals)
        matches.add(emissions)
      },
    }
  }
  const told = await folds.tell(sessionKey, `find ${q}`, create, pause)
  if (told === undefined) return undefined
  const { matches } = told.gathered
  matches.add(told.closing.emissions)
  return matches.result()
}

interface Found extends Omit<SessionMatch, 'ordinal'> {
  readonly startMs: number
}

function createMatches(sessionKey: string, wanted: string, text: RecordedText) {
  /** By what has the text: a turn that goes on is told again with a newer answer. */
  const found = new Map<string, Found>()
  const ordinals = new Map<string, number>()
  let omitted = 0

  function put(match: Found): void {
    const id = JSON.stringify([match.turn, match.item, match.item === null ? match.where : ''])
    if (found.size >= MAX_MATCHES && !found.has(id)) omitted += 1
    else found.set(id, match)
  }

  function add(observation: Observation): void {
    const turn = turnKeyOf(observation, sessionKey)
    if (turn === undefined) return
    const { startMs, input, output, metadata } = observation
    if (!isRoot(observation)) {
      const { id, name, summary, statusMessage } = itemHead(observation)
      const [where, excerpt] =
        firstMatch(wanted, [
          ['name', name],
          ['name', summary],
          ['message', statusMessage],
          ['input', text.contentOf(input)?.text],
          ['output', text.contentOf(output)?.text],
        ]) ?? []
      if (where !== undefined && excerpt !== undefined)
        put({ turn, item: id, where, excerpt, startMs })
      return
    }
    ordinals.set(turn, Number(metadata.turn ?? 0))
    for (const [where, value] of [
      ['prompt', input],
      ['answer', output],
    ] as const) {
      const match = firstMatch(wanted, [[where, text.contentOf(value)?.text]])
      // Before everything that the turn did, or behind it.
      const atMs = where === 'prompt' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      if (match !== undefined) put({ turn, item: null, where, excerpt: match[1], startMs: atMs })
    }
  }

  return {
    add: (emissions: readonly Emission[]): void => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    result: (): FindAnswer => ({
      matches: [...found.values()]
        .map(({ startMs, ...match }) => ({
          startMs,
          match: { ...match, ordinal: ordinals.get(match.turn) ?? 0 },
        }))
        .sort((a, b) => a.match.ordinal - b.match.ordinal || before(a.startMs, b.startMs))
        .map(({ match }) => match),
      omitted,
    }),
  }
}

/** Infinities have no difference. */
function before(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

type Where = SessionMatch['where']

/** The first of these texts that has it. */
function firstMatch(
  wanted: string,
  texts: readonly (readonly [Where, string | null | undefined])[],
): readonly [Where, string] | undefined {
  for (const [where, text] of texts) {
    if (typeof text !== 'string') continue
    const at = text.toLowerCase().indexOf(wanted)
    if (at >= 0) return [where, excerptAt(text, at)]
  }
  return undefined
}

function excerptAt(text: string, at: number): string {
  const from = Math.max(0, at - BEFORE)
  const part = text.slice(from, from + MAX_EXCERPT - 2).toWellFormed()
  const line = safeLine(part).replace(/\s+/g, ' ').trim()
  const isCut = from + MAX_EXCERPT - 2 < text.length
  return ownText(`${from > 0 ? '…' : ''}${line}${isCut ? '…' : ''}`)
}
