/** The files in folders that may be transcripts, each once, however it is reached. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { failureOf } from '../../observability/read-failure.ts'

export interface Candidate {
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
  /** Somebody asked for it by its own path. */
  readonly isNamed: boolean
}

interface Place {
  readonly path: string
  readonly depth: number
  readonly maxDepth: number
  readonly isLink?: boolean
}

const MAX_DEPTH = 12
/**
 * Levels of folders from a link on, which may lead to all of the machine: project, session, subagents; or
 * year, month, day.
 */
const MAX_LINK_DEPTH = 3
const TRANSCRIPT = /\.jsonl$/

/** Notes in `unreadable` and `leftOut` what is not given out, each with why. */
export async function* candidatesIn(
  paths: readonly string[],
  unreadable: string[],
  leftOut: string[],
): AsyncGenerator<Candidate, void> {
  const seen = new Set<string>()
  const waiting: Place[] = paths.map((path) => ({ path, depth: 0, maxDepth: MAX_DEPTH })).reverse()
  /** What links lead to comes last: it may be found without them. */
  const linked: Place[] = []

  async function look(place: Place): Promise<Candidate | undefined> {
    const isNamed = place.depth === 0
    const behind = place.isLink === true ? await folderBehind(place.path, leftOut) : place.path
    if (behind === undefined) return undefined
    const path = isNamed ? await realpath(behind) : behind
    if (seen.has(path)) return undefined
    seen.add(path)
    const facts = await stat(path)
    if (facts.isFile() && (isNamed || TRANSCRIPT.test(path))) {
      return { path, bytes: facts.size, modifiedMs: facts.mtimeMs, isNamed }
    }
    if (!facts.isDirectory() || place.depth >= place.maxDepth) return undefined
    const inside = await placesIn(path, place)
    for (const each of inside.places) waiting.push(each)
    for (const each of inside.links) linked.push(each)
    return undefined
  }

  for (let next = waiting.pop(); next !== undefined; next = waiting.pop() ?? linked.shift()) {
    try {
      const found = await look(next)
      if (found !== undefined) yield found
    } catch (error) {
      unreadable.push(failureOf(next.path, error))
    }
  }
}

/** Undefined where a link leads to no folder. One to a file may lead anywhere: it is noted. */
async function folderBehind(link: string, leftOut: string[]): Promise<string | undefined> {
  try {
    const path = await realpath(link)
    const facts = await stat(path)
    if (facts.isDirectory()) return path
    if (facts.isFile() && TRANSCRIPT.test(link)) {
      leftOut.push(`${link}: a link to a file; to read it, name ${path}`)
    }
    return undefined
  } catch {
    // It leads nowhere, or round in a circle.
    return undefined
  }
}

/** What may be read in a folder, the first at the end. */
async function placesIn(
  folder: string,
  { depth, maxDepth }: Place,
): Promise<Readonly<Record<'places' | 'links', readonly Place[]>>> {
  const inside = await readdir(folder, { withFileTypes: true })
  inside.sort((a, b) => (a.name < b.name ? 1 : -1))
  const placeOf = ({ name }: { readonly name: string }): Place => {
    return { path: join(folder, name), depth: depth + 1, maxDepth }
  }
  const links = inside.filter((entry) => entry.isSymbolicLink()).map(placeOf)
  return {
    places: inside
      .filter((entry) => entry.isDirectory() || (entry.isFile() && TRANSCRIPT.test(entry.name)))
      .map(placeOf),
    // Of a link within what a link leads to, nobody knows where it ends.
    links: (maxDepth === MAX_DEPTH ? links : []).map((place) => {
      return { ...place, maxDepth: place.depth + MAX_LINK_DEPTH, isLink: true }
    }),
  }
}
