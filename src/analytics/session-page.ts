/**
 * `GET /api/sessions/:key` and one of its turns. The figures are what was committed; turns and
 * waterfalls come from the session's records, told again through the machine.
 */
import type { SessionPolicy } from '../session/policy.ts'
import { hasSoundTotals, soundState } from '../session/sound-state.ts'
import { type SessionState, STATE_VERSION } from '../session/state.ts'
import { emptyTotals } from '../session/totals.ts'
import type { StateText } from '../store/queries/session-detail.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { Session } from '../web/contract/session.ts'
import type { Turn } from '../web/contract/turn.ts'
import { createFirstTokens } from './first-tokens.ts'
import type { LangfuseLinks } from './langfuse-links.ts'
import { createRecordedText } from './recorded-text.ts'
import { replaySession } from './replay.ts'
import { figuresOf } from './session-figures.ts'
import { sessionRowOf } from './session-row.ts'
import { createTurnHeads, turnKeyOf } from './turn-heads.ts'
import { createWaterfall } from './waterfall.ts'

/** Characters of prompts and answers in the list of turns; a turn by itself has them whole. */
const HEAD_CONTENT_LENGTH = 4000

export interface SessionPageDeps {
  readonly reader: StoreReader
  readonly policy: SessionPolicy
  readonly links: LangfuseLinks
}

export async function sessionPage(
  { reader, policy, links }: SessionPageDeps,
  key: string,
): Promise<Session | undefined> {
  const row = await reader.details.find(key)
  if (row === undefined) return undefined
  const maxContentLength = Math.min(HEAD_CONTENT_LENGTH, policy.maxContentLength)
  const text = createRecordedText(maxContentLength)
  const heads = createTurnHeads(key, text, links)
  const firstTokens = createFirstTokens()
  const told = await replaySession(
    reader,
    key,
    { ...policy, maxContentLength },
    (emissions, _, arrivals) => {
      text.see(arrivals)
      heads.add(emissions)
      firstTokens.add(arrivals)
    },
  )
  const { turns, omitted } = heads.result()
  // What is told again stands in where the state is of another version, or was never true.
  const state = stateOf(await reader.details.state(row.id)) ?? told
  return {
    session: sessionRowOf(row),
    ...figuresOf(state ?? nothingKnown, (model) => firstTokens.medianMs(model)),
    turns: [...turns],
    omittedTurns: omitted,
    attributes: await reader.details.attributes(row.id),
    langfuseUrl: links.session(row.session_id),
  }
}

/** One turn; undefined when the session has none of that key. */
export async function turnPage(
  { reader, policy, links }: SessionPageDeps,
  key: string,
  turnKey: string,
): Promise<Turn | undefined> {
  const text = createRecordedText(policy.maxContentLength)
  const heads = createTurnHeads(key, text, links)
  const waterfall = createWaterfall(key, turnKey, text)
  await replaySession(reader, key, policy, (emissions, _, arrivals) => {
    text.see(arrivals)
    const ofTurn = emissions.filter(
      (emission) => emission.kind === 'observation' && turnKeyOf(emission, key) === turnKey,
    )
    heads.add(ofTurn)
    waterfall.add(ofTurn)
  })
  const turn = heads.result().turns[0]
  if (turn === undefined) return undefined
  const { items, omitted } = waterfall.result()
  return { turn, items: [...items], omittedItems: omitted }
}

/** A row whose state and records are both gone or unreadable. */
const nothingKnown = { totals: emptyTotals(), identity: {}, firstMs: 0, lastMs: 0 }

function stateOf(stored: StateText | undefined): SessionState | undefined {
  if (stored?.version !== STATE_VERSION) return undefined
  try {
    const state = JSON.parse(stored.text) as SessionState
    return hasSoundTotals(state) ? soundState(state) : undefined
  } catch {
    return undefined
  }
}
