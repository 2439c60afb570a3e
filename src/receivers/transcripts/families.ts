/**
 * Sessions and their forks: the files that begin with the same message, in the order in which they were
 * begun. What two of them have was written by the first.
 *
 * Claude Code gives a fork lines of its own before what it copies, which are later. Where all times were
 * copied, the order is that of the first of these that tells two files apart: a fork that says so is last,
 * behind the one that it names; a file that is as old as its first line is first; a file that has nothing
 * but what another has as well comes before that one; the order of the last import stays; the one that was
 * written to last is last; the one that was imported first is first.
 */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TranscriptPositions } from '../../domain/transcript-files.ts'
import { compareRanks, type TranscriptRank } from '../../domain/transcript-rank.ts'
import { headOf, isCut, lastTimeOf, linesOf, openTranscript, parsedLine } from './lines.ts'
import type { FileFacts, Origin, TranscriptSource } from './source.ts'

export interface Member {
  readonly path: string
  readonly source: TranscriptSource
  readonly facts: FileFacts
  readonly rank: TranscriptRank
  /** The order that its session has from earlier imports; undefined where it has none. */
  readonly formerOrder: number | undefined
}

/** What is known from earlier imports. */
export interface KnownFiles {
  /** When a file was first imported, epoch ms; undefined where it never was. */
  seenMs(path: string): Promise<number | undefined>
  readonly ranks: TranscriptPositions['ranks']
}

export interface Families {
  /** A file with this first message is there: its folder is searched for others of the family. */
  note(path: string, firstId: string | undefined): void
  /** In order; only the file itself where it has no family, and nothing where it has no message. */
  of(file: FamilyFile): Promise<readonly Member[]>
  /** Undefined for a session of its own, and where its origin is not there any more. */
  originOf(file: FamilyFile): Promise<Origin | undefined>
}

export interface FamilyFile {
  readonly path: string
  readonly source: TranscriptSource
  readonly facts: FileFacts
}

/** Files of a folder by their first message. */
type Folder = ReadonlyMap<string, readonly Found[]>

interface Found extends FamilyFile {
  readonly begunMs: number
  readonly endedMs: number
  readonly descent: Descent
}

/** What a file by itself says of whether it is a fork. */
export type Descent = typeof ORIGINAL | typeof UNKNOWN | typeof FORK
export const ORIGINAL = 0
export const UNKNOWN = 1
export const FORK = 2

/** A file is as old as its first line where it was made no later than this after it. */
const MAX_FLUSH_MS = 10_000
/** Later than anything that is written. */
const FORK_ORDER = 9e15
/** Folders whose files are remembered. */
const MAX_FOLDERS = 100
/** Files that one fork is compared with. */
const MAX_ANCESTORS = 20
/** Messages of one file. */
const MAX_MESSAGES = 200_000
/** Files whose messages are remembered. */
const MAX_REMEMBERED = 2 * MAX_ANCESTORS

/** Ids of messages, by file, as long as the file stays as it is. */
export interface MessageIds {
  of(file: Pick<FamilyFile, 'path' | 'source'>): Promise<ReadonlySet<string>>
}

/** Remembers those of some files: of a family that is being written, all but one are as they were. */
export function createMessageIds(): MessageIds {
  const remembered = new Map<
    string,
    { readonly version: string; ids: Promise<ReadonlySet<string>> }
  >()
  return {
    of: async ({ path, source }) => {
      const { size, mtimeMs } = await stat(path)
      const version = `${size} ${mtimeMs}`
      const known = remembered.get(path)
      const ids = known?.version === version ? known.ids : readMessages(path, source)
      remembered.delete(path)
      remembered.set(path, { version, ids })
      const oldest = remembered.keys().next()
      if (remembered.size > MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value)
      return ids
    },
  }
}

export function createFamilies(earlier: KnownFiles, messages: MessageIds): Families {
  const folders = new Map<string, Promise<Folder>>()
  const foldersOf = new Map<string, Set<string>>()
  const families = new Map<string, Promise<readonly Member[]>>()

  function folderAt(path: string, source: TranscriptSource): Promise<Folder> {
    const key = `${source.agent}|${path}`
    const read = folders.get(key) ?? readFolder(path, source)
    if (folders.size >= MAX_FOLDERS) folders.clear()
    folders.set(key, read)
    return read
  }

  async function readFamily(source: TranscriptSource, firstId: string): Promise<readonly Member[]> {
    const found: Found[] = []
    for (const folder of foldersOf.get(firstId) ?? []) {
      found.push(...((await folderAt(folder, source)).get(firstId) ?? []))
    }
    const former = await earlier.ranks(
      found.map(({ facts: { sessionId } }) => ({ agent: source.agent, sessionId })),
    )
    const ranked = found.map((file, at) => ({ file, rank: former[at] }))
    const members: Member[] = []
    for (const [begunMs, twins] of Map.groupBy(ranked, ({ file }) => file.begunMs)) {
      const known: (Found & Twin)[] = []
      for (const { file, rank } of twins) {
        const formerOrder = rank?.begunMs === begunMs ? rank.order : undefined
        known.push(await twinOf(file, twins.length > 1, formerOrder))
      }
      for (const { path, facts, formerOrder, order } of inOrder(known)) {
        members.push({ path, source, facts, rank: { begunMs, order }, formerOrder })
      }
    }
    return members.sort((a, b) => compareRanks(a.rank, b.rank))
  }

  async function twinOf(
    file: Found,
    hasOthers: boolean,
    formerOrder: number | undefined,
  ): Promise<Found & Twin> {
    const isCompared = hasOthers && file.descent !== FORK
    const { sessionId, forkedFrom } = file.facts
    return {
      ...file,
      ...{ sessionId, forkedFrom, formerOrder },
      ids: isCompared ? await messages.of(file) : new Set<string>(),
      seenMs: await earlier.seenMs(file.path),
    }
  }

  const of: Families['of'] = ({ path, source, facts: { firstId } }) => {
    if (firstId === undefined) return Promise.resolve([])
    note(path, firstId)
    const family = families.get(firstId) ?? readFamily(source, firstId)
    families.set(firstId, family)
    return family
  }

  function note(path: string, firstId: string | undefined): void {
    if (firstId === undefined) return
    const known = foldersOf.get(firstId) ?? new Set()
    foldersOf.set(firstId, known.add(dirname(path)))
  }

  return {
    note,
    of,
    originOf: async (file) => {
      const { firstMs } = file.facts
      if (firstMs === undefined) return undefined
      const family = await of(file)
      const at = family.findIndex(({ path }) => path === file.path)
      const ancestors = family.slice(0, Math.max(0, at)).slice(-MAX_ANCESTORS)
      const last = ancestors.at(-1)
      if (last === undefined) return undefined
      const known: { readonly sessionId: string; readonly ids: ReadonlySet<string> }[] = []
      for (const ancestor of ancestors) {
        known.push({ sessionId: ancestor.facts.sessionId, ids: await messages.of(ancestor) })
      }
      return {
        sessionId: (await isCut(last.path)) ? last.facts.sessionId : undefined,
        begunMs: firstMs,
        sessionOf: (id) => known.find(({ ids }) => ids.has(id))?.sessionId,
      }
    },
  }
}

/** One of the files that were begun at the same time. */
export interface Twin {
  readonly path: string
  readonly begunMs: number
  readonly endedMs: number
  readonly descent: Descent
  readonly sessionId: string
  /** The session that its lines name as theirs. */
  readonly forkedFrom?: string | undefined
  /** Of its messages. */
  readonly ids: ReadonlySet<string>
  /** When it was first imported; undefined where it never was. */
  readonly seenMs: number | undefined
  readonly formerOrder: number | undefined
}

/** Files that were begun at the same time in the order in which they came to be, with growing orders. */
export function inOrder<T extends Twin>(
  twins: readonly T[],
): readonly (T & { readonly order: number })[] {
  // Of two that are as old as their first line, one was copied at once.
  const originals = twins.filter(({ descent }) => descent === ORIGINAL).length
  const waiting = twins
    .map((file) => {
      return file.descent === ORIGINAL && originals > 1 ? { ...file, descent: UNKNOWN } : file
    })
    .sort(byWhatIsKnown)
  const ordered: T[] = []
  while (waiting.length > 0) {
    const at = waiting.findIndex((file) => !waiting.some((other) => comesBefore(other, file)))
    ordered.push(...waiting.splice(Math.max(0, at), 1))
  }
  let next = Number.POSITIVE_INFINITY
  const backwards = ordered.reverse().map((file, at) => {
    const { descent, begunMs, endedMs } = file
    if (descent === FORK) return { ...file, order: FORK_ORDER - at }
    next = Math.min(descent === ORIGINAL ? begunMs - 1 : endedMs, next - 1)
    return { ...file, order: next }
  })
  return backwards.reverse()
}

function comesBefore(a: Twin, b: Twin): boolean {
  if (a.descent !== b.descent) return a.descent < b.descent
  if (a.descent === FORK) return b.forkedFrom === a.sessionId && a.forkedFrom !== b.sessionId
  return a.ids.size < b.ids.size && [...a.ids].every((id) => b.ids.has(id))
}

/** Where nothing else tells them apart, one that was imported is before one that never was. */
function byWhatIsKnown(a: Twin, b: Twin): number {
  const [orderA, orderB] = [expectedOrder(a), expectedOrder(b)]
  const { seenMs: seenA = Number.MAX_VALUE } = a
  const { seenMs: seenB = Number.MAX_VALUE } = b
  if (orderA !== orderB) return orderA - orderB
  return seenA - seenB || a.endedMs - b.endedMs || (a.path < b.path ? -1 : 1)
}

/** That of the last import; a new fork is behind those that are known. */
function expectedOrder({ formerOrder, descent, endedMs }: Twin): number {
  return formerOrder ?? (descent === FORK ? Number.MAX_VALUE : endedMs)
}

async function readFolder(folder: string, source: TranscriptSource): Promise<Folder> {
  const families = new Map<string, Found[]>()
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
  for (const name of names) {
    const path = join(folder, name)
    const head = await headOf(path, source.isOwn).catch(() => undefined)
    if (head === undefined || !source.recognises(head.lines)) continue
    const facts = source.facts(name, head.lines)
    const { firstId, firstMs } = facts
    if (firstId === undefined) continue
    const { mtimeMs, birthtimeMs } = await stat(path)
    const begunMs = firstMs ?? mtimeMs
    const endedMs = (await lastTimeOf(path)) ?? mtimeMs
    const descent = descentOf(facts, birthtimeMs)
    const family = families.get(firstId) ?? []
    families.set(firstId, family)
    family.push({ path, source, facts, begunMs, endedMs, descent })
  }
  return families
}

export function descentOf({ forkedFrom, firstMs }: FileFacts, birthtimeMs: number): Descent {
  if (forkedFrom !== undefined) return FORK
  const isAsOld = birthtimeMs > 0 && firstMs !== undefined && birthtimeMs <= firstMs + MAX_FLUSH_MS
  return isAsOld ? ORIGINAL : UNKNOWN
}

async function readMessages(path: string, source: TranscriptSource): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  const file = await openTranscript(path)
  try {
    const reader = linesOf(file, 0)
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
      const { text } = next
      if (text === undefined || !source.mayTell(text)) continue
      const line = parsedLine(text.toString('utf8'))
      const id = line && source.messageId(line)
      if (id !== undefined && ids.size < MAX_MESSAGES) ids.add(id)
    }
  } finally {
    await file.close()
  }
  return ids
}
