/**
 * `GET /api/sessions/:key` and what stands below it of its turns. The figures are what was committed;
 * turns and waterfalls come from the session's records, told again through the machine.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import { createReplay } from '../sessions/replay.ts'
import type { SessionState } from '../sessions/state.ts'
import { hasSoundTotals, soundState } from '../sessions/sound-state.ts'
import { upgradedState } from '../sessions/stored-state.ts'
import { emptyTotals } from '../sessions/usage/totals.ts'
import { commitUrl, type WorkCommit, type WorkPullRequest } from '../domain/work.ts'
import type { StateText, StoreReader, WorkOfSession } from '../storage/store-reader.ts'
import type { Session, WorkResult } from '../api/contract/session.ts'
import type {
  Turn,
  TurnHead,
  TurnQuery,
  Turns,
  TurnsQuery,
  WaterfallItem,
} from '../api/contract/turn.ts'
import type { BadCursor } from '../api/queries.ts'
import { countWithin, cutName, cutText, MAX_LIST_BYTES } from './answer-bounds.ts'
import { createFirstTokens, figuresOf } from './session-figures.ts'
import { type LangfuseLinks, noLinks } from './langfuse-links.ts'
import type { Pause } from './pause.ts'
import { createRecordedText } from './recorded-text.ts'
import { replaySlices } from './replay.ts'
import { createChangedFiles } from './changed-files.ts'
import type { Gathering, SessionFolds } from './session-folds.ts'
import { sessionRowOf } from './session-lists.ts'
import { createTurnHeads } from './turn-heads.ts'
import { createWaterfall, findItem } from './waterfall.ts'

/** Characters of prompts and answers in the list of turns; a turn by itself has more. */
const HEAD_TEXT_LENGTH = 4000
const TURN_TEXT_LENGTH = 100_000
const MAX_TURNS = 1000
const MAX_ATTRIBUTES = 200
const MAX_ATTRIBUTE_LENGTH = 1000
const MAX_WORK = 200

export interface SessionPageDeps {
  readonly reader: StoreReader
  readonly policy: SessionPolicy
  readonly links: LangfuseLinks
  readonly folds: SessionFolds
  readonly pause: Pause
}

export async function sessionPage(
  deps: SessionPageDeps,
  key: string,
): Promise<Session | undefined> {
  const { reader } = deps
  const row = await reader.details.find(key)
  if (row === undefined) return undefined
  // The links lead to the project of the settings.
  const isThere = row.route?.includes('langfuse') ?? true
  const links = isThere ? deps.links : noLinks
  const told = await tellTurns({ ...deps, links }, key, undefined)
  // At once: the project may become known while more is read, and turns have their links already.
  const langfuseUrl = links.session(row.sessionId)
  // What is told again stands in where the state cannot be read, or was never true.
  const state = stateOf(key, await reader.details.state(row.id)) ?? told?.state
  // What is stored alone may not say it where the session was only imported.
  const agentVersion = state?.identity.agentVersion ?? told?.state?.identity.agentVersion
  const { turns, omittedTurns, nextCursor } = lastTurns(told?.turns ?? [], told?.omitted ?? 0)
  const attributes = Object.entries(await reader.details.attributes(row.id))
  const shown = attributes.slice(0, MAX_ATTRIBUTES)
  const work = await reader.usage.work([row.id])
  return {
    session: sessionRowOf(row),
    ...figuresOf(state ?? nothingKnown, (model) => told?.ttftMs(model), work),
    agentVersion: agentVersion === undefined ? null : cutName(agentVersion),
    work: workResultsOf(work, key),
    files: told?.files ?? [],
    omittedFiles: told?.omittedFiles ?? 0,
    masked: { ...state?.totals.masked },
    turns,
    omittedTurns,
    turnsCursor: nextCursor,
    attributes: Object.fromEntries(
      shown.map(([name, value]) => [cutName(name), cutText(value, MAX_ATTRIBUTE_LENGTH)]),
    ),
    omittedAttributes: attributes.length - shown.length,
    langfuseUrl,
  }
}

/** Commits and pull requests by time; what several stretches came to is one. */
function workResultsOf(work: readonly WorkOfSession[], sessionKey: string): WorkResult[] {
  const results = work.flatMap((stretch): WorkResult[] => {
    const { commit, pullRequest, repository, branch } = stretch
    const place = { repository: repository ?? null, branch: branch ?? null }
    const told = (one: WorkCommit | WorkPullRequest) => ({
      name: cutText(ownName(one.name, sessionKey), MAX_ATTRIBUTE_LENGTH),
      atMs: one.atMs,
      turn: one.turn === undefined ? null : cutName(one.turn),
    })
    return [
      ...(commit === undefined
        ? []
        : [
            { kind: 'commit', ...place, ...told(commit), url: commitUrl(stretch) ?? null } as const,
          ]),
      ...(pullRequest === undefined
        ? []
        : [
            {
              kind: 'pull_request',
              ...place,
              branch: pullRequest.branch ?? place.branch,
              ...told(pullRequest),
              url: pullRequest.isUrl ? pullRequest.name : null,
            } as const,
          ]),
    ]
  })
  const once = new Map(results.map((result) => [`${result.kind} ${result.name}`, result]))
  return [...once.values()].sort((a, b) => a.atMs - b.atMs).slice(-MAX_WORK)
}

/** `commit 1`: which session it is of only has to be said beside others. */
function ownName(name: string, sessionKey: string): string {
  const other = ` of ${sessionKey}`
  return name.endsWith(other) ? name.slice(0, -other.length) : name
}

/** Turns of a session before a cursor; undefined when there is no such session. */
export async function turnsPage(
  deps: SessionPageDeps,
  key: string,
  { cursor, limit }: TurnsQuery,
): Promise<Result<Turns, BadCursor> | undefined> {
  const before = cursor === undefined ? ok(undefined) : wholeNumberOf(cursor)
  if (!before.ok) return before
  if ((await deps.reader.details.find(key)) === undefined) return undefined
  const told = await tellTurns(deps, key, before.value)
  return ok(lastTurns(told?.turns ?? [], told?.omitted ?? 0, limit))
}

/** A page of one turn; undefined when the session has none of that key. */
export async function turnPage(
  { folds, links, policy, pause }: SessionPageDeps,
  key: string,
  turnKey: string,
  { cursor, limit }: TurnQuery,
): Promise<Result<Turn, BadCursor> | undefined> {
  const skipped = cursor === undefined ? ok(0) : wholeNumberOf(cursor)
  if (!skipped.ok) return skipped
  const gather = () => {
    const text = createRecordedText(policy.maxContentLength)
    const ofSession = { sessionKey: key, text }
    const heads = createTurnHeads({ ...ofSession, turnKey, maxTextLength: TURN_TEXT_LENGTH })
    const waterfall = createWaterfall({ ...ofSession, turnKey, limit, skipped: skipped.value })
    return {
      heads,
      waterfall,
      add: (...[emissions, arrivals]: Parameters<Gathering['add']>) => {
        text.see(arrivals)
        heads.add(emissions)
        waterfall.add(emissions)
      },
    }
  }
  const name = JSON.stringify(['turn', turnKey, skipped.value, limit])
  const told = await folds.tell(key, name, gather, pause)
  if (told === undefined) return undefined
  const { gathered, closing } = told
  const heads = gathered.heads.fork()
  const waterfall = gathered.waterfall.fork()
  heads.add(closing.emissions)
  waterfall.add(closing.emissions)
  const [turn] = heads.result(links).turns
  if (turn === undefined) return undefined
  const { items, omitted } = waterfall.result()
  const nextCursor = omitted > 0 ? String(skipped.value + items.length) : null
  return ok({ turn, items: [...items], omittedItems: omitted, nextCursor })
}

/** An item of a turn with its whole texts; undefined when there is none of that id. */
export async function itemPage(
  { reader, policy, pause }: SessionPageDeps,
  key: string,
  turnKey: string,
  id: string,
): Promise<WaterfallItem | undefined> {
  const text = createRecordedText(policy.maxContentLength)
  const wanted = { sessionKey: key, turnKey, text, id }
  const replay = createReplay(key, policy)
  for await (const { emissions, arrivals } of replaySlices(reader.inputs, replay, key, 0, pause)) {
    text.see(arrivals)
    const found = findItem(emissions, wanted)
    if (found !== undefined) return found
  }
  return findItem(replay.closing().emissions, wanted)
}

interface ToldTurns extends Pick<Session, 'files' | 'omittedFiles'> {
  readonly turns: readonly TurnHead[]
  readonly omitted: number
  readonly state: SessionState | undefined
  readonly ttftMs: (model: string) => number | undefined
}

/** The newest turns of a session before one of that number; undefined when it has no records. */
async function tellTurns(
  { folds, policy, links, pause }: SessionPageDeps,
  key: string,
  beforeOrdinal: number | undefined,
): Promise<ToldTurns | undefined> {
  const gather = () => {
    const text = createRecordedText(policy.maxContentLength)
    const heads = createTurnHeads({
      sessionKey: key,
      text,
      maxTextLength: HEAD_TEXT_LENGTH,
      beforeOrdinal,
    })
    const firstTokens = createFirstTokens()
    const files = createChangedFiles()
    return {
      ...{ heads, firstTokens, files },
      add: (...[emissions, arrivals]: Parameters<Gathering['add']>) => {
        text.see(arrivals)
        heads.add(emissions)
        firstTokens.add(arrivals)
        files.add(emissions)
      },
    }
  }
  const told = await folds.tell(key, `turns before ${beforeOrdinal ?? 'all'}`, gather, pause)
  if (told === undefined) return undefined
  const { gathered, closing } = told
  const heads = gathered.heads.fork()
  heads.add(closing.emissions)
  const files = gathered.files.fork()
  files.add(closing.emissions)
  return {
    ...heads.result(links),
    ...files.result(),
    state: closing.state,
    ttftMs: (model) => gathered.firstTokens.medianMs(model),
  }
}

/** The last of these turns, as many as fit; `omitted` are left out before them already. */
function lastTurns(turns: readonly TurnHead[], omitted: number, limit = MAX_TURNS): Turns {
  const newest = turns.slice(-limit).reverse()
  const shown = newest.slice(0, countWithin(newest, MAX_LIST_BYTES)).reverse()
  const omittedTurns = omitted + turns.length - shown.length
  const [first] = shown
  const hasMore = omittedTurns > 0 && first !== undefined
  return { turns: shown, omittedTurns, nextCursor: hasMore ? String(first.ordinal) : null }
}

/** A cursor that counts something. */
function wholeNumberOf(cursor: string): Result<number, BadCursor> {
  return /^\d{1,15}$/.test(cursor) ? ok(Number(cursor)) : err('bad_cursor')
}

/** A row whose state and records are both gone or unreadable. */
const nothingKnown = {
  totals: emptyTotals(),
  firstMs: 0,
  lastMs: 0,
  metricStretches: [],
}

function stateOf(sessionKey: string, stored: StateText | undefined): SessionState | undefined {
  if (stored === undefined) return undefined
  const unknown = { title: undefined, firstPromptMs: undefined, firstCommitMs: undefined }
  const state = upgradedState({ sessionKey, ...stored, ...unknown })
  return state.ok && hasSoundTotals(state.value) ? soundState(state.value) : undefined
}
