/** Finds the transcripts in files and folders, and what their names and first lines say. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TranscriptPosition, TranscriptPositions } from '../../domain/transcript-files.ts'
import { compareRanks } from '../../domain/transcript-rank.ts'
import type { TranscriptFile } from './cursor.ts'
import { failureOf, headOf, lastTimeOf, parsedLine } from './lines.ts'
import { createOrigins, type Origins } from './origins.ts'
import { countOf, folderName, type TranscriptSource } from './source.ts'

export interface Selection {
  /** Absolute paths of files and folders. */
  readonly paths: readonly string[]
  /** Only files that were written to since, epoch ms. */
  readonly sinceMs?: number | undefined
  /** Only work in a folder of this name or path. */
  readonly project?: string | undefined
  /** From their beginning, whatever was read before. */
  readonly again?: boolean | undefined
}

export interface Found {
  /** In the order in which they were begun. */
  readonly files: readonly TranscriptFile[]
  /** Transcripts in which there is nothing new. */
  readonly known: number
  readonly skipped: SkippedFiles
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

interface Candidate {
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
}

const MAX_DEPTH = 12
const TRANSCRIPT = /\.jsonl$/

export async function findTranscripts(
  selection: Selection,
  sources: readonly TranscriptSource[],
  positions: TranscriptPositions,
): Promise<Found> {
  const unreadable: string[] = []
  const files: TranscriptFile[] = []
  let known = 0
  const skipped = { empty: 0, older: 0, otherProjects: 0, unrecognised: 0 }
  const origins = createOrigins()
  for await (const candidate of candidatesOf(selection.paths, unreadable)) {
    if (candidate.bytes === 0) skipped.empty += 1
    else if (candidate.modifiedMs < (selection.sinceMs ?? 0)) skipped.older += 1
    if (candidate.bytes === 0 || candidate.modifiedMs < (selection.sinceMs ?? 0)) continue
    try {
      const file = await fileOf(candidate, selection, sources, positions, origins)
      if (file === 'known') known += 1
      else if (typeof file === 'string') skipped[file] += 1
      else files.push(file)
    } catch (error) {
      unreadable.push(failureOf(candidate.path, error))
    }
  }
  return { files: files.sort((a, b) => compareRanks(a.rank, b.rank)), known, skipped, unreadable }
}

/** What a file is, or why it is not read. */
async function fileOf(
  { path, bytes, modifiedMs }: Candidate,
  { project, again = false }: Selection,
  sources: readonly TranscriptSource[],
  positions: TranscriptPositions,
  origins: Origins,
): Promise<TranscriptFile | 'known' | 'otherProjects' | 'unrecognised'> {
  const before = again ? undefined : await positions.get(path)
  const known = before === undefined ? undefined : readPosition(before)
  // Files are only appended to, unless somebody edits them or puts another one in their place.
  const isRewritten =
    before?.position === bytes && known?.modifiedMs !== undefined && known.modifiedMs !== modifiedMs
  if (before?.position === bytes && known?.isTold === true && !isRewritten) return 'known'
  const head = await headOf(path)
  const source = sources.find(({ recognises }) => recognises(head?.lines ?? []))
  if (head === undefined || source === undefined) return 'unrecognised'
  const name = basename(path)
  const facts = source.facts(name, head.lines)
  const { sessionId, firstMs, folder } = facts
  if (project !== undefined && folder !== project && folderName(folder) !== project) {
    return 'otherProjects'
  }
  const begunMs = firstMs ?? modifiedMs
  const goesOn =
    before !== undefined && before.head === head.hash && before.position <= bytes && !isRewritten
  return {
    path,
    name,
    source,
    sessionId,
    firstMs: begunMs,
    rank: { begunMs, endedMs: (await lastTimeOf(path)) ?? modifiedMs },
    folder,
    bytes,
    modifiedMs,
    head: head.hash,
    from: goesOn ? before.position : 0,
    state: goesOn ? known?.reader : undefined,
    origin: await origins.of(path, source, facts),
  }
}

interface KnownFile {
  /** All of it was told. */
  readonly isTold: boolean
  /** When it was last written, as of its end; absent where that was not reached. */
  readonly modifiedMs: number | undefined
  /** What its reader knew. */
  readonly reader: unknown
}

function readPosition({ state }: TranscriptPosition): KnownFile {
  const known = parsedLine(state)
  return {
    isTold: known?.isTold === true,
    modifiedMs: countOf(known?.modifiedMs),
    reader: known?.reader,
  }
}

async function* candidatesOf(
  paths: readonly string[],
  unreadable: string[],
): AsyncGenerator<Candidate, void> {
  const seen = new Set<string>()
  const waiting = paths.map((path) => ({ path, depth: 0 })).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { depth } = next
    let { path } = next
    try {
      // What somebody names may be a link; below it none is followed.
      if (depth === 0) path = await realpath(path)
      if (seen.has(path)) continue
      seen.add(path)
      const facts = await stat(path)
      if (facts.isFile() && (depth === 0 || TRANSCRIPT.test(path))) {
        yield { path, bytes: facts.size, modifiedMs: facts.mtimeMs }
      } else if (facts.isDirectory() && depth < MAX_DEPTH) {
        const inside = await readdir(path, { withFileTypes: true })
        const names = inside
          // A link may lead anywhere.
          .filter((entry) => entry.isDirectory() || (entry.isFile() && TRANSCRIPT.test(entry.name)))
          .map((entry) => entry.name)
          .sort()
          .reverse()
        for (const name of names) waiting.push({ path: join(path, name), depth: depth + 1 })
      }
    } catch (error) {
      unreadable.push(failureOf(path, error))
    }
  }
}
