/** Finds the transcripts in files and folders, and what their names and first lines say. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type {
  SessionRank,
  TranscriptPosition,
  TranscriptPositions,
} from '../../domain/transcript-files.ts'
import { compareRanks } from '../../domain/transcript-rank.ts'
import { failureOf } from '../../observability/read-failure.ts'
import { type Candidate, candidatesIn } from './candidates.ts'
import type { TranscriptFile } from './cursor.ts'
import { createFamilies, type Families, type Member, type MessageIds } from './families.ts'
import { headOf, lastTimeOf, openTranscript, parsedLine, SEARCHED_BYTES, trailOf } from './lines.ts'
import { countOf, type FileFacts, folderName, textOf, type TranscriptSource } from './source.ts'

export interface Selection {
  /** Absolute paths of files and folders. */
  readonly paths: readonly string[]
  /** Only files that were written to since, epoch ms. */
  readonly sinceMs?: number | undefined
  /** Only work in a folder of this name or path. */
  readonly project?: string | undefined
  /** From their beginning, whatever was read before. */
  readonly again?: boolean | undefined
  readonly content: 'keep' | 'drop'
  /** What is imported goes to exporters. */
  readonly isExported: boolean
}

export interface Found {
  /** In the order in which they were begun. */
  readonly files: readonly TranscriptFile[]
  /** Of sessions and their forks, those that are not read among them. */
  readonly ranks: readonly SessionRank[]
  /** Transcripts in which there is nothing new. */
  readonly known: number
  readonly skipped: SkippedFiles
  /** Of what was found within folders and is not read though it may be a transcript, each with why. */
  readonly leftOut: readonly string[]
  /** Paths that could not be read, each with why. */
  readonly unreadable: readonly string[]
}

/** Files that were found and are not read, by reason. */
export interface SkippedFiles {
  readonly empty: number
  /** Last written to before `sinceMs`. */
  readonly older: number
  /** Transcripts of other projects than the one asked for. */
  readonly otherProjects: number
  /** Of no agent that is known here. */
  readonly unrecognised: number
}

/** What a file is, but for what its family says of it. */
type FileAlone = Omit<TranscriptFile, 'origin'> & { readonly facts: FileFacts }

export async function findTranscripts(
  selection: Selection,
  sources: readonly TranscriptSource[],
  positions: TranscriptPositions,
  messages: MessageIds,
): Promise<Found> {
  const unreadable: string[] = []
  const leftOut: string[] = []
  const alone: FileAlone[] = []
  let known = 0
  const skipped = { empty: 0, older: 0, otherProjects: 0, unrecognised: 0 }
  const families = createFamilies(
    {
      seenMs: async (path) => readPosition(await positions.get(path))?.seenMs,
      ranks: (sessions) => positions.ranks(sessions),
    },
    messages,
  )
  for await (const candidate of candidatesIn(selection.paths, unreadable, leftOut)) {
    const { path, bytes, modifiedMs } = candidate
    if (bytes === 0) skipped.empty += 1
    else if (modifiedMs < (selection.sinceMs ?? 0)) skipped.older += 1
    if (bytes === 0 || modifiedMs < (selection.sinceMs ?? 0)) continue
    try {
      const before = await positions.get(path)
      const file = await fileOf(candidate, before, selection, sources)
      families.note(path, typeof file === 'string' ? readPosition(before)?.firstId : file.firstId)
      if (file === 'known') known += 1
      else if (typeof file === 'string') skipped[file] += 1
      else alone.push(file)
      if (file !== 'unrecognised') continue
      const lists = candidate.isNamed ? unreadable : leftOut
      lists.push(`${path}: ${whyUnrecognised(bytes, sources)}`)
    } catch (error) {
      unreadable.push(failureOf(path, error))
    }
  }
  const { files, ranks } = await withFamilies(alone, families, positions, unreadable)
  return {
    files: files.sort((a, b) => compareRanks(a.rank, b.rank)),
    ...{ ranks, known, skipped, leftOut, unreadable },
  }
}

/**
 * The files with what their families say of them; and those files of the families, from their beginning,
 * that turn out to have written what was taken for another one's until now.
 */
async function withFamilies(
  alone: readonly FileAlone[],
  families: Families,
  positions: TranscriptPositions,
  unreadable: string[],
): Promise<{ readonly files: TranscriptFile[]; readonly ranks: readonly SessionRank[] }> {
  const byPath = new Map<string, TranscriptFile>()
  const ranks: SessionRank[] = []
  const done = new Set<readonly Member[]>()
  for (const { facts, ...file } of alone) {
    try {
      const { path, source } = file
      const family = await families.of({ path, source, facts })
      const rank = family.find((member) => member.path === path)?.rank ?? file.rank
      const origin = await families.originOf({ path, source, facts })
      if (!byPath.has(path))
        byPath.set(path, { ...file, rank, origin, hasFamily: family.length > 1 })
      if (family.length < 2 || done.has(family)) continue
      done.add(family)
      ranks.push(...family.map(rankOfMember))
    } catch (error) {
      unreadable.push(failureOf(file.path, error))
    }
  }
  for (const family of done) {
    for (const member of family.filter((each) => isNowBefore(each, family))) {
      try {
        byPath.set(member.path, await fileAgain(member, families, positions))
      } catch (error) {
        unreadable.push(failureOf(member.path, error))
      }
    }
  }
  return { files: [...byPath.values()], ranks }
}

function rankOfMember({ source: { agent }, facts: { sessionId }, rank }: Member): SessionRank {
  return { agent, sessionId, rank }
}

/** Another file of the same age was taken for its origin, and is not any more. */
function isNowBefore(member: Member, family: readonly Member[]): boolean {
  const { rank, formerOrder, facts } = member
  if (formerOrder === undefined) return false
  return family.some(
    (other) =>
      other.facts.sessionId !== facts.sessionId &&
      other.formerOrder !== undefined &&
      other.rank.begunMs === rank.begunMs &&
      other.rank.order > rank.order &&
      other.formerOrder <= formerOrder,
  )
}

/** A file from its beginning, as it was imported before. */
async function fileAgain(
  { path, source, facts, rank }: Member,
  families: Families,
  positions: TranscriptPositions,
): Promise<TranscriptFile> {
  const { size, mtimeMs } = await stat(path)
  const before = readPosition(await positions.get(path))
  const head = await headOf(path, source.isOwn)
  const { content = 'keep', isExported = false } = before ?? {}
  const how = { content, isExported }
  return {
    path,
    name: basename(path),
    source,
    sessionId: facts.sessionId,
    firstMs: rank.begunMs,
    rank: { ...rank, isRetold: true },
    hasFamily: true,
    folder: facts.folder,
    bytes: size,
    modifiedMs: mtimeMs,
    head: head?.hash ?? '',
    trail: undefined,
    firstId: facts.firstId,
    seenMs: before?.seenMs,
    ...how,
    strictest: how,
    isReread: true,
    from: 0,
    state: undefined,
    origin: await families.originOf({ path, source, facts }),
  }
}

/** Files are only appended to, unless somebody edits them or puts another one in their place. */
function isReadAlready(
  { bytes, modifiedMs }: Candidate,
  before: TranscriptPosition | undefined,
  { again = false }: Selection,
): boolean {
  const read = readPosition(before)
  if (again || before?.position !== bytes || read?.isTold !== true) return false
  return read.modifiedMs === undefined || read.modifiedMs === modifiedMs
}

/** What a file is, or why it is not read. */
async function fileOf(
  candidate: Candidate,
  before: TranscriptPosition | undefined,
  selection: Selection,
  sources: readonly TranscriptSource[],
): Promise<FileAlone | 'known' | 'otherProjects' | 'unrecognised'> {
  const { path, bytes, modifiedMs } = candidate
  const { project } = selection
  const isKnown = isReadAlready(candidate, before, selection)
  if (isKnown && project === undefined) return 'known'
  const head = await headOf(path, (line) => sources.some(({ isOwn }) => isOwn(line)))
  const source = sources.find(({ recognises }) => recognises(head?.lines ?? []))
  if (head === undefined || source === undefined) return 'unrecognised'
  const name = basename(path)
  const facts = source.facts(name, head.lines)
  const { sessionId, firstMs, folder, firstId } = facts
  if (project !== undefined && !isOfProject(folder, project)) return 'otherProjects'
  if (isKnown) return 'known'
  const begunMs = firstMs ?? modifiedMs
  return {
    path,
    name,
    source,
    sessionId,
    firstMs: begunMs,
    rank: { begunMs, order: (await lastTimeOf(path)) ?? modifiedMs },
    folder,
    bytes,
    modifiedMs,
    head: head.hash,
    firstId,
    ...(await readingOf(candidate, before, head.hash, selection)),
    facts,
  }
}

function whyUnrecognised(bytes: number, sources: readonly TranscriptSource[]): string {
  const agents = sources.map(({ title }) => title).join(' or ')
  const where = bytes > SEARCHED_BYTES ? ` in its first ${SEARCHED_BYTES / 2 ** 20} MB` : ''
  return `no line of ${agents}${where}`
}

/** By its name or its path, with the separators of any system. */
function isOfProject(folder: string | undefined, project: string): boolean {
  if (folder === undefined) return false
  return plainPath(folder) === plainPath(project) || folderName(folder) === plainPath(project)
}

function plainPath(path: string): string {
  const plain = path.replaceAll('\\', '/').replace(/\/+$/, '')
  return plain === '' ? '/' : plain
}

type Reading = Pick<
  TranscriptFile,
  'seenMs' | 'content' | 'isExported' | 'strictest' | 'isReread' | 'from' | 'state' | 'trail'
>

/** Where a file is read from, and how. */
async function readingOf(
  { path, bytes, modifiedMs }: Candidate,
  before: TranscriptPosition | undefined,
  head: string,
  { again = false, content, isExported }: Selection,
): Promise<Reading> {
  const read = readPosition(before)
  const isRewritten =
    before?.position === bytes && read?.modifiedMs !== undefined && read.modifiedMs !== modifiedMs
  const mayGoOn = !again && before?.head === head && before.position <= bytes && !isRewritten
  const goesOn =
    mayGoOn && (await hasTrail(path, before.position, read?.trail)) ? before : undefined
  const seenMs = read?.seenMs
  if (goesOn === undefined || read === undefined) {
    const how = { content, isExported }
    const isReread = before !== undefined
    return { seenMs, ...how, strictest: how, isReread, from: 0, state: undefined, trail: undefined }
  }
  // One that was to be read again goes on as that.
  const isInterrupted = goesOn.position === 0 && read.isReread
  const how = isInterrupted
    ? { content: read.content ?? content, isExported: read.isExported }
    : { content, isExported }
  return {
    seenMs,
    ...how,
    strictest: {
      content: read.content === 'drop' ? 'drop' : how.content,
      isExported: how.isExported && read.isExported,
    },
    isReread: isInterrupted,
    from: goesOn.position,
    state: read.reader,
    trail: read.trail,
  }
}

/** Whether what was read last is still before the position. Earlier versions did not note it. */
async function hasTrail(
  path: string,
  position: number,
  trail: string | undefined,
): Promise<boolean> {
  if (trail === undefined) return true
  const file = await openTranscript(path)
  try {
    return (await trailOf(file, position)) === trail
  } finally {
    await file.close()
  }
}

/** What the state of a position says of a file. */
interface FileRead {
  /** All of it was told. */
  readonly isTold: boolean
  /** When it was last written, as of its end; absent where that was not reached. */
  readonly modifiedMs: number | undefined
  /** What its reader knew. */
  readonly reader: unknown
  // These are absent where an earlier version read it.
  /** A hash of the bytes before the position. */
  readonly trail: string | undefined
  readonly firstId: string | undefined
  /** When it was first read, epoch ms. */
  readonly seenMs: number | undefined
  readonly content: 'keep' | 'drop' | undefined
  readonly isExported: boolean
  /** It is being read from its beginning, though it was read before. */
  readonly isReread: boolean
}

/** Notes that a file is read from its beginning, so that whatever ends that, the next import goes on with it. */
export function restartOf(file: TranscriptFile, nowMs: number): TranscriptPosition {
  const { path, head, firstId, seenMs = nowMs, strictest } = file
  const state = JSON.stringify({ isTold: false, isReread: true, firstId, seenMs, ...strictest })
  return { path, position: 0, head, state }
}

function readPosition(position: TranscriptPosition | undefined): FileRead | undefined {
  if (position === undefined) return undefined
  const state = parsedLine(position.state)
  const content = textOf(state?.content)
  return {
    isTold: state?.isTold === true,
    modifiedMs: countOf(state?.modifiedMs),
    reader: state?.reader,
    trail: textOf(state?.trail),
    firstId: textOf(state?.firstId),
    seenMs: countOf(state?.seenMs),
    content: content === 'keep' || content === 'drop' ? content : undefined,
    isExported: state?.isExported === true,
    isReread: state?.isReread === true,
  }
}
