/**
 * Which sessions a fork goes on from: the files beside it that begin with the same message, and were
 * begun before it.
 */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareRanks, type TranscriptRank } from '../../domain/transcript-rank.ts'
import { headOf, isParsable, lastTimeOf, linesOf, openTranscript, parsedLine } from './lines.ts'
import type { FileFacts, Origin, TranscriptSource } from './source.ts'

export interface Origins {
  /** Undefined for a session of its own, and where its origin is not there any more. */
  of(path: string, source: TranscriptSource, facts: FileFacts): Promise<Origin | undefined>
}

interface Begun {
  readonly path: string
  readonly facts: FileFacts
  readonly rank: TranscriptRank
}

/** The files of a folder by their first message, those that were begun first at the head. */
type Families = ReadonlyMap<string, readonly Begun[]>

/** Folders whose files are remembered. */
const MAX_FOLDERS = 100
/** Files that one fork is compared with. */
const MAX_ANCESTORS = 20
/** Messages of one file. */
const MAX_MESSAGES = 200_000

export function createOrigins(): Origins {
  const byFolder = new Map<string, Promise<Families>>()

  function familiesIn(folder: string, source: TranscriptSource): Promise<Families> {
    const known = byFolder.get(folder)
    if (known !== undefined) return known
    if (byFolder.size >= MAX_FOLDERS) byFolder.clear()
    const read = readFolder(folder, source)
    byFolder.set(folder, read)
    return read
  }

  return {
    of: async (path, source, facts) => {
      const { firstId, firstMs } = facts
      if (firstId === undefined || firstMs === undefined) return undefined
      const family = (await familiesIn(dirname(path), source)).get(firstId) ?? []
      const at = family.findIndex((file) => file.path === path)
      const ancestors = family.slice(0, Math.max(0, at)).slice(-MAX_ANCESTORS)
      const last = ancestors.at(-1)
      if (last === undefined) return undefined
      const messages: { readonly sessionId: string; readonly ids: ReadonlySet<string> }[] = []
      for (const { path: file, facts: of } of ancestors) {
        messages.push({ sessionId: of.sessionId, ids: await messagesOf(file, source) })
      }
      return {
        sessionId: last.facts.sessionId,
        begunMs: firstMs,
        sessionOf: (id) => messages.find(({ ids }) => ids.has(id))?.sessionId,
      }
    },
  }
}

async function readFolder(folder: string, source: TranscriptSource): Promise<Families> {
  const families = new Map<string, Begun[]>()
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
  for (const name of names) {
    const path = join(folder, name)
    const head = await headOf(path).catch(() => undefined)
    if (head === undefined || !source.recognises(head.lines)) continue
    const facts = source.facts(name, head.lines)
    const { firstId, firstMs: begunMs = Number.POSITIVE_INFINITY } = facts
    if (firstId === undefined) continue
    const family = families.get(firstId) ?? []
    families.set(firstId, family)
    const endedMs = (await lastTimeOf(path)) ?? Number.POSITIVE_INFINITY
    family.push({ path, facts, rank: { begunMs, endedMs } })
  }
  for (const family of families.values()) family.sort((a, b) => compareRanks(a.rank, b.rank))
  return families
}

async function messagesOf(path: string, source: TranscriptSource): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  const file = await openTranscript(path)
  try {
    for await (const { text } of linesOf(file, 0)) {
      if (text === undefined || !source.mayTell(text) || !isParsable(text)) continue
      const line = parsedLine(text.toString('utf8'))
      const id = line && source.messageId(line)
      if (id !== undefined && ids.size < MAX_MESSAGES) ids.add(id)
    }
  } finally {
    await file.close()
  }
  return ids
}
