/**
 * `GET /api/sessions/:key` and one of its turns. The figures are what was committed; turns and
 * waterfalls come from the session's records, told again through the machine.
 */
import type { SessionPolicy } from '../session/policy.ts'
import { createReplay } from '../session/replay.ts'
import type { SessionState } from '../session/state.ts'
import { readState } from '../session/stored-state.ts'
import { emptyTotals } from '../session/totals.ts'
import type { StateText } from '../store/queries/session-detail.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { Session } from '../web/contract/session.ts'
import type { Turn } from '../web/contract/turn.ts'
import { createFirstTokens } from './first-tokens.ts'
import type { LangfuseLinks } from './langfuse-links.ts'
import { createRecordedText } from './recorded-text.ts'
import { type ReplaySlice, replaySlices } from './replay.ts'
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
  const closed = await tellWhole(reader, key, { ...policy, maxContentLength }, (slice) => {
    text.see(slice.arrivals)
    heads.add(slice.emissions)
    firstTokens.add(slice.arrivals)
  })
  const { turns, omitted } = heads.result()
  // What is told again stands in where the state cannot be read.
  const state = stateOf(key, await reader.details.state(row.id)) ?? closed
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
  await tellWhole(reader, key, policy, ({ emissions, arrivals }) => {
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

/** With what closing it now would say, since a turn that is open is shown as well. */
async function tellWhole(
  { inputs }: StoreReader,
  key: string,
  policy: SessionPolicy,
  visit: (slice: Pick<ReplaySlice, 'emissions' | 'arrivals'>) => void,
): Promise<SessionState | undefined> {
  const replay = createReplay(key, policy)
  for await (const slice of replaySlices(inputs, replay, key)) visit(slice)
  const { emissions, state } = replay.closing()
  visit({ emissions, arrivals: [] })
  return state
}

/** A row whose state and records are both gone or unreadable. */
const nothingKnown = { totals: emptyTotals(), identity: {}, firstMs: 0, lastMs: 0 }

function stateOf(sessionKey: string, stored: StateText | undefined): SessionState | undefined {
  if (stored === undefined) return undefined
  const unknown = { title: undefined, firstPromptMs: undefined, firstCommitMs: undefined }
  const state = readState({ sessionKey, ...stored, ...unknown })
  return state.ok ? state.value : undefined
}
