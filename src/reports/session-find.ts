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
/**
 * Characters of a session's texts that are kept, so that each letter that somebody types is looked for in them and
 * the session is not told again. Of a session with more nothing is kept.
 */
const MAX_KEPT = 8_000_000

export interface FindDeps {
  /** Keeps what a session says. */
  readonly folds: SessionFolds
  /** For a session that says too much: told for one text, and forgotten. */
  readonly once: SessionFolds
  readonly pause: Pause
  readonly maxContentLength: number
}

/** Undefined when the session has no records. */
export async function findInSession(
  deps: FindDeps,
  sessionKey: string,
  { q }: FindQuery,
): Promise<FindAnswer | undefined> {
  const wanted = q.toLowerCase()
  const { folds, once } = deps
  const kept = await textsOf(deps, folds, sessionKey, undefined)
  if (kept === undefined || !kept.isTooLarge()) return kept?.matches(wanted)
  const found = await textsOf(deps, once, sessionKey, wanted)
  return found?.matches(wanted)
}

/** What a session says, or of that what has a text in it. */
async function textsOf(
  { pause, maxContentLength }: Pick<FindDeps, 'pause' | 'maxContentLength'>,
  folds: SessionFolds,
  sessionKey: string,
  wanted: string | undefined,
) {
  const create = () => {
    const text = createRecordedText(maxContentLength)
    const texts = createTexts(sessionKey, text, wanted)
    return {
      texts,
      add: (...[emissions, arrivals]: Parameters<Gathering['add']>) => {
        text.see(arrivals)
        texts.add(emissions)
      },
    }
  }
  const told = await folds.tell(sessionKey, 'texts', create, pause)
  if (told === undefined) return undefined
  const { texts } = told.gathered
  texts.addClosing(told.closing.emissions)
  return texts
}

/** A prompt, an answer or an item with what it says, in the order in which it is looked through. */
interface Said extends Pick<SessionMatch, 'turn' | 'item'> {
  readonly startMs: number
  readonly texts: readonly (readonly [Where, string | null | undefined])[]
  /** The text was looked for at once: there is but what is told of it. */
  readonly isMatch?: boolean
}

function createTexts(sessionKey: string, text: RecordedText, wanted: string | undefined) {
  /** By what says it: a turn that goes on is told again with a newer answer. */
  const said = new Map<string, Said>()
  const ordinals = new Map<string, number>()
  let kept = 0
  let omitted = 0

  function put(where: Where | '', one: Said): void {
    const id = JSON.stringify([one.turn, one.item, where])
    if (wanted === undefined) {
      kept += lengthOf(one) - lengthOf(said.get(id))
      if (kept > MAX_KEPT) said.clear()
      else said.set(id, one)
      return
    }
    const match = firstMatch(wanted, one.texts)
    if (match === undefined) said.delete(id)
    else if (said.size >= MAX_MATCHES && !said.has(id)) omitted += 1
    // Of what is too large to be kept, no more than is told.
    else said.set(id, { ...one, texts: [[match.where, excerptAt(match)]], isMatch: true })
  }

  function add(observation: Observation): void {
    const turn = turnKeyOf(observation, sessionKey)
    if (turn === undefined) return
    const { startMs, input, output, metadata } = observation
    if (!isRoot(observation)) {
      const { id, name, summary, statusMessage } = itemHead(observation)
      put('', {
        ...{ turn, item: id, startMs },
        texts: [
          ['name', name],
          ['name', summary],
          ['message', statusMessage],
          ['input', text.contentOf(input)?.text],
          ['output', text.contentOf(output)?.text],
        ],
      })
      return
    }
    ordinals.set(turn, Number(metadata.turn ?? 0))
    for (const [where, value] of [
      ['prompt', input],
      ['answer', output],
    ] as const) {
      // Before everything that the turn did, or behind it.
      const atMs = where === 'prompt' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      const texts = [[where, text.contentOf(value)?.text]] as const
      put(where, { turn, item: null, startMs: atMs, texts })
    }
  }

  let closing: readonly Emission[] = []
  const addAll = (emissions: readonly Emission[]): void => {
    for (const emission of emissions) if (emission.kind === 'observation') add(emission)
  }

  return {
    isTooLarge: (): boolean => kept > MAX_KEPT,
    add: addAll,
    /** The same as before while nothing has come. */
    addClosing: (emissions: readonly Emission[]): void => {
      if (emissions !== closing) addAll(emissions)
      closing = emissions
    },
    matches: (asked: string): FindAnswer => {
      const found: SessionMatchAt[] = []
      let more = omitted
      for (const { turn, item, startMs, texts, isMatch } of said.values()) {
        const match = firstMatch(isMatch === true ? '' : asked, texts)
        if (match === undefined) continue
        if (found.length === MAX_MATCHES) more += 1
        else {
          const excerpt = isMatch === true ? match.text : excerptAt(match)
          const ordinal = ordinals.get(turn) ?? 0
          found.push({ startMs, match: { turn, item, where: match.where, excerpt, ordinal } })
        }
      }
      return {
        matches: found
          .sort((a, b) => a.match.ordinal - b.match.ordinal || before(a.startMs, b.startMs))
          .map(({ match }) => match),
        omitted: more,
      }
    },
  }
}

interface SessionMatchAt {
  readonly startMs: number
  readonly match: SessionMatch
}

function lengthOf(said: Said | undefined): number {
  return said?.texts.reduce((sum, [, text]) => sum + (text?.length ?? 0), 0) ?? 0
}

/** Infinities have no difference. */
function before(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

type Where = SessionMatch['where']

interface Match {
  readonly where: Where
  readonly text: string
  readonly at: number
}

/** The first of these texts that has it. */
function firstMatch(
  wanted: string,
  texts: readonly (readonly [Where, string | null | undefined])[],
): Match | undefined {
  for (const [where, text] of texts) {
    if (typeof text !== 'string') continue
    const at = text.toLowerCase().indexOf(wanted)
    if (at >= 0) return { where, text, at }
  }
  return undefined
}

function excerptAt({ text, at }: Match): string {
  const from = Math.max(0, at - BEFORE)
  const part = text.slice(from, from + MAX_EXCERPT - 2).toWellFormed()
  const line = safeLine(part).replace(/\s+/g, ' ').trim()
  const isCut = from + MAX_EXCERPT - 2 < text.length
  return ownText(`${from > 0 ? '…' : ''}${line}${isCut ? '…' : ''}`)
}
