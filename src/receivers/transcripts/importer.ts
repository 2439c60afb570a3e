/**
 * Takes transcripts in: their lines become records, which pass the same chain as everything else. Files
 * of one session are read side by side, so that its records come in the order in which things happened.
 * How far each file was read is noted behind its records: whatever ends the import, the next one goes
 * on there, and what comes twice counts once.
 */
import type { Clock } from '../../domain/clock.ts'
import type { Attributes } from '../../domain/json-value.ts'
import type { Rejection } from '../../domain/rejection.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Origin, TranscriptRecord } from '../../domain/telemetry-record.ts'
import type { TranscriptPosition, TranscriptPositions } from '../../domain/transcript-files.ts'
import type { TranscriptRank } from '../../domain/transcript-rank.ts'
import { keyOfDropped } from '../../processors/redact/content.ts'
import { transcriptScope } from '../../processors/transcript-processor.ts'
import { type Cursor, createCursor, type TranscriptFile } from './cursor.ts'
import {
  findTranscripts,
  type Found,
  restartOf,
  type Selection,
  type SkippedFiles,
} from './discovery.ts'
import { createMessageIds, type MessageIds } from './families.ts'
import { withWriters } from './older-lines.ts'
import {
  attributesOf,
  type Place,
  type Redact,
  type TranscriptEntry,
  type TranscriptSource,
} from './source.ts'

export interface ImportRequest extends Selection {
  /** Nothing is stored. */
  readonly isDryRun?: boolean
  /** Files are being written: what waits for further lines is told once none have come for this long. */
  readonly quietMs?: number
}

export interface ImportCounts {
  /** Files with something new, those without, and bytes of the former. */
  readonly files: number
  readonly knownFiles: number
  readonly skippedFiles: SkippedFiles
  readonly bytes: number
  readonly sessions: number
  readonly prompts: number
  /** Model calls and tool results in the lines that were read, copies of other sessions included. */
  readonly calls: number
  readonly tools: number
  /** Lines that could not be read. */
  readonly damagedLines: number
  /** The first files that have some, each with where: `/a/b.jsonl: 2, the first at byte 512`. */
  readonly damagedFiles: readonly string[]
  /** Entries that were refused, each kind of reason once. */
  readonly refused: number
  readonly refusals: readonly string[]
  readonly unreadable: readonly string[]
  /** The first files and links within folders that are not read though they may be transcripts, each with why. */
  readonly leftOut: readonly string[]
}

export interface ImportProgress {
  readonly bytes: number
  readonly totalBytes: number
  readonly files: number
  readonly totalFiles: number
}

export interface TranscriptImporter {
  /**
   * Resolves once everything is stored; imports that are asked for meanwhile wait. The error says why
   * not all of it is. Ends with what is at hand when `signal` is aborted.
   */
  run(
    request: ImportRequest,
    onProgress: (progress: ImportProgress) => void,
    signal?: AbortSignal,
  ): Promise<Result<ImportCounts, string>>
}

export interface ImporterDeps {
  /** Makes records durable; resolves to the refusals of those that were not taken. */
  readonly accept: (records: readonly TranscriptRecord[]) => Promise<readonly Rejection[]>
  /** Masks what is kept between two lines. */
  readonly redact: Redact
  readonly positions: TranscriptPositions
  readonly sources: readonly TranscriptSource[]
  readonly clock: Clock
  /** Records that are stored at once. */
  readonly batchRecords: number
}

/** Characters of their content and names. */
const MAX_BATCH_CHARACTERS = 2_000_000
/** Batches between two notes of how far files were read: each is a commit, and as much is read again at most. */
const BATCHES_PER_NOTE = 20
const MAX_REFUSALS = 20
const MAX_DAMAGED_FILES = 20
const MAX_LEFT_OUT = 20
/** Of which each has a reason. */
const MAX_UNREADABLE = 1000
/** Files whose positions are stored at once. */
const MAX_FINISHED = 500
/** Files of one session that are open at once; beyond it, those begun later wait for one to end. */
const MAX_OPEN = 100

/** Times as long as a file has to be quiet, until what has not ended is taken to be over. */
const SETTLED = 5

/** What people and models said. */
const CONTENT = new Set(['prompt', 'response', 'input', 'output', 'answer', 'title', 'error'])

interface Mutable
  extends Omit<ImportCounts, 'damagedFiles' | 'refusals' | 'unreadable' | 'leftOut'> {
  files: number
  bytes: number
  prompts: number
  calls: number
  tools: number
  damagedLines: number
  refused: number
}

export function createTranscriptImporter(deps: ImporterDeps): TranscriptImporter {
  let last: Promise<unknown> = Promise.resolve()
  const messages = createMessageIds()
  return {
    run: (request, onProgress, signal) => {
      const done = last.then(() => runImport({ ...deps, messages }, request, onProgress, signal))
      last = done.catch(() => undefined)
      return done
    },
  }
}

async function runImport(
  deps: ImporterDeps & { readonly messages: MessageIds },
  request: ImportRequest,
  onProgress: (progress: ImportProgress) => void,
  signal: AbortSignal | undefined,
): Promise<Result<ImportCounts, string>> {
  const { sources, positions, clock, accept, batchRecords, messages } = deps
  const found = await findTranscripts(request, sources, positions, messages)
  const totalBytes = found.files.reduce((sum, { bytes, from }) => sum + bytes - from, 0)
  const sessions = new Set<string>()
  const refusals = new Set<string>()
  const counts: Mutable = {
    files: 0,
    knownFiles: found.known,
    skippedFiles: found.skipped,
    bytes: 0,
    sessions: 0,
    prompts: 0,
    calls: 0,
    tools: 0,
    damagedLines: 0,
    refused: 0,
  }
  const origins = createOrigins()
  const rankOf = createRanks()
  const redactOf =
    ({ content }: TranscriptFile): Redact =>
    (attributes) =>
      deps.redact(content === 'drop' ? withoutContent(attributes) : attributes)
  let batch: TranscriptRecord[] = []
  let characters = 0
  let batches = 0
  const finished: TranscriptPosition[] = []
  const unreadable = found.unreadable.slice(0, MAX_UNREADABLE)
  const damagedFiles: string[] = []

  /** The batch that is being stored while the next one is read. */
  let storing: Promise<void> = Promise.resolve()

  /**
   * Begins to store what was read, and then how far that was; resolves when the batch before is stored.
   */
  async function store(reached: readonly TranscriptPosition[]): Promise<void> {
    await storing
    const records = batch
    batch = []
    characters = 0
    if (request.isDryRun === true) return
    storing = storeRecords(records, reached)
    // Whoever waits for it hears of that.
    storing.catch(() => undefined)
  }

  async function storeRecords(
    records: readonly TranscriptRecord[],
    reached: readonly TranscriptPosition[],
  ): Promise<void> {
    if (records.length > 0) {
      noteRefusals(await accept(await withWriters(records, positions)))
    }
    if (reached.length > 0) await positions.put(reached, clock.now())
  }

  /** What has to be known before the first entry comes, and if this ends in between. */
  async function prepare({ files, ranks }: Found): Promise<void> {
    if (ranks.length > 0) await positions.rank(ranks)
    const again = files.filter(({ isReread }) => isReread)
    for (let at = 0; at < again.length; at += MAX_FINISHED) {
      const some = again.slice(at, at + MAX_FINISHED)
      const nowMs = clock.now()
      await positions.put(
        some.map((file) => restartOf(file, nowMs)),
        nowMs,
      )
    }
  }

  function noteRefusals(rejected: readonly Rejection[]): void {
    counts.refused += rejected.length
    for (const { message } of rejected) if (refusals.size < MAX_REFUSALS) refusals.add(message)
  }

  async function reachedBy(cursors: readonly Cursor[]): Promise<readonly TranscriptPosition[]> {
    const reached: TranscriptPosition[] = []
    for (const cursor of cursors) {
      const position = await cursor.position(redactOf(cursor.file))
      if (position !== undefined) reached.push(position)
    }
    return reached
  }

  /** Positions of files that were read to their end. */
  function takeFinished(): readonly TranscriptPosition[] {
    return finished.splice(0)
  }

  function add(entry: TranscriptEntry, file: TranscriptFile): void {
    const { source } = file
    sessions.add(`${source.agent}/${entry.sessionId}`)
    if (entry.name === 'prompt') counts.prompts += 1
    if (entry.name === 'model_call' && entry.attributes.amends !== true) counts.calls += 1
    if (entry.name === 'tool_result') counts.tools += 1
    const origin = origins(source.agent, entry.place)
    const record = recordOf(entry, origin, rankOf(file, entry), file)
    batch.push(record)
    characters += charactersOf(record)
  }

  function noteFailures(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) {
      const { failure, damaged, damagedAt } = cursor.progress()
      if (failure !== undefined && unreadable.length < MAX_UNREADABLE) unreadable.push(failure)
      if (damagedAt === undefined || damagedFiles.length >= MAX_DAMAGED_FILES) continue
      damagedFiles.push(`${cursor.file.path}: ${damaged}, the first at byte ${damagedAt}`)
    }
  }

  /** Reads the files of one session in the order of what they tell. */
  async function readGroup(files: readonly TranscriptFile[]): Promise<void> {
    const { quietMs = 0 } = request
    const cursors = files.map((file) =>
      createCursor(file, {
        isFlushed: clock.now() - file.modifiedMs >= quietMs,
        isSettled: clock.now() - file.modifiedMs >= SETTLED * quietMs,
        nowMs: clock.now(),
      }),
    )
    const before = { bytes: counts.bytes, damaged: counts.damagedLines }
    const told = (): void => {
      const progress = cursors.map((cursor) => cursor.progress())
      counts.bytes = before.bytes + progress.reduce((sum, { bytes }) => sum + bytes, 0)
      counts.damagedLines = before.damaged + progress.reduce((sum, of) => sum + of.damaged, 0)
      const { bytes, files: done } = counts
      onProgress({ bytes, totalBytes, files: done, totalFiles: found.files.length })
    }
    try {
      for await (const { entries, cursor } of merged(cursors)) {
        for (const entry of entries) add(entry, cursor.file)
        if (batch.length < batchRecords && characters < MAX_BATCH_CHARACTERS) continue
        batches += 1
        const isNoted = batches % BATCHES_PER_NOTE === 0
        await store(isNoted ? [...takeFinished(), ...(await reachedBy(cursors))] : [])
        told()
        if (signal?.aborted === true) return
      }
      // Many small sessions share a commit.
      finished.push(...(await reachedBy(cursors)))
      if (finished.length >= MAX_FINISHED) await store(takeFinished())
      counts.files += files.length
      told()
      noteFailures(cursors)
    } finally {
      for (const cursor of cursors) await cursor.close()
    }
  }

  try {
    if (request.isDryRun !== true) await prepare(found)
    for (const files of groupsOf(found.files)) {
      if (signal?.aborted === true) break
      await readGroup(files)
    }
    await store(takeFinished())
    await storing
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return err(`what was read could not be stored: ${reason}`)
  }
  if (signal?.aborted === true) return err('the import was ended before everything was read')
  return ok({
    ...counts,
    ...{ damagedFiles, unreadable },
    leftOut: found.leftOut.slice(0, MAX_LEFT_OUT),
    sessions: sessions.size,
    refusals: [...refusals],
  })
}

/** By session, in the order in which the first file of each was begun. */
function groupsOf(files: readonly TranscriptFile[]): Iterable<readonly TranscriptFile[]> {
  return Map.groupBy(files, ({ source, sessionId }) => `${source.agent}/${sessionId}`).values()
}

/** The entries of several files, line by line, by time. A file is opened when its time has come. */
async function* merged(
  cursors: readonly Cursor[],
): AsyncGenerator<{ readonly entries: readonly TranscriptEntry[]; readonly cursor: Cursor }, void> {
  const waiting = [...cursors].sort((a, b) => a.file.firstMs - b.file.firstMs)
  const open: { readonly cursor: Cursor; entries: readonly TranscriptEntry[] }[] = []
  for (;;) {
    let first = earliest(open)
    for (
      let next = waiting[0];
      next !== undefined &&
      open.length < MAX_OPEN &&
      (first === undefined || next.file.firstMs <= timeOf(first.entries));
      next = waiting[0]
    ) {
      waiting.shift()
      const entries = await next.peek()
      if (entries !== undefined) open.push({ cursor: next, entries })
      first = earliest(open)
    }
    if (first === undefined) return
    const { cursor, entries } = first
    cursor.skip()
    yield { entries, cursor }
    const following = await cursor.peek()
    if (following === undefined) open.splice(open.indexOf(first), 1)
    else first.entries = following
  }
}

function earliest<T extends { readonly entries: readonly TranscriptEntry[] }>(
  open: readonly T[],
): T | undefined {
  let first: T | undefined
  for (const each of open) {
    if (first === undefined || timeOf(each.entries) < timeOf(first.entries)) first = each
  }
  return first
}

function timeOf(entries: readonly TranscriptEntry[]): number {
  return entries[0]?.timeMs ?? 0
}

/** One for all entries of a file, and one for those of them that are another session's. */
function createRanks(): RankOf {
  const known = new WeakMap<TranscriptRank, Readonly<Record<'own' | 'copied', TranscriptRank>>>()
  return ({ rank, sessionId, content, hasFamily }, entry) => {
    const own = content === 'drop' ? { ...rank, isWithoutContent: true } : rank
    const ranks = known.get(rank) ?? { own, copied: { ...own, isCopied: true } }
    known.set(rank, ranks)
    const of = entry.sessionId === sessionId ? ranks.own : ranks.copied
    const { supersedes } = entry
    return hasFamily === true && supersedes !== undefined ? { ...of, supersedes } : of
  }
}

type RankOf = (file: TranscriptFile, entry: TranscriptEntry) => TranscriptRank

/** One origin for all entries of one place. */
function createOrigins(): (agent: string, place: Place) => Origin {
  const byAgent = new Map<string, WeakMap<Place, Origin>>()
  const known = new Map<string, Origin>()
  return (agent, place) => {
    const places = byAgent.get(agent) ?? new WeakMap<Place, Origin>()
    byAgent.set(agent, places)
    const found = places.get(place)
    if (found !== undefined) return found
    const { folder, branch, version } = place
    const key = JSON.stringify([agent, folder, branch, version])
    const origin = known.get(key) ?? {
      resource: attributesOf({
        'service.name': agent,
        'service.version': version,
        folder,
        branch,
      }),
      scopeName: transcriptScope(agent),
      scopeVersion: '',
    }
    known.set(key, origin)
    places.set(place, origin)
    return origin
  }
}

function recordOf(
  { name, sessionId, key, claim, timeMs, attributes }: TranscriptEntry,
  origin: Origin,
  rank: TranscriptRank,
  { content, isExported }: TranscriptFile,
): TranscriptRecord {
  return {
    origin,
    sessionId,
    name,
    key: content === 'drop' && name === 'title' ? keyOfDropped(key) : key,
    ...(claim !== undefined && { claim }),
    timeMs,
    attributes: content === 'drop' ? withoutContent(attributes) : attributes,
    ...(isExported && { isExported }),
    rank,
  }
}

function withoutContent(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !CONTENT.has(name)))
}

/** What it takes in memory, about. */
function charactersOf({ attributes, sessionId, key, claim = '' }: TranscriptRecord): number {
  let characters = 200 + sessionId.length + key.length + claim.length
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value === 'string') characters += value.length
  }
  return characters
}
