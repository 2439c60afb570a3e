/** The files that the tools of a session wrote to, as far as the inputs of these are recorded. */
import type { ChangedFile } from '../api/contract/session.ts'
import type { Emission, Observation } from '../domain/emission.ts'
import { jsonText } from '../domain/numbers.ts'
import { ownText } from '../domain/own-text.ts'
import { changedFiles } from '../domain/tool-summary.ts'
import { cutText } from './answer-bounds.ts'
import { isRoot } from './turn-heads.ts'

export interface ChangedFiles {
  add(emissions: readonly Emission[]): void
  /** One that goes on by itself. */
  fork(): ChangedFiles
  result(): { readonly files: ChangedFile[]; readonly omittedFiles: number }
}

const MAX_FILES = 500
const MAX_PATH_LENGTH = 500
/** What names a file stands at the beginning of an input. Characters. */
export const MAX_INPUT = 20_000

/** `mask` takes out of a text what is not to be shown. */
export function createChangedFiles(mask: (text: string) => string = (text) => text): ChangedFiles {
  return gathering(mask, new Map(), 0)
}

function gathering(
  mask: (text: string) => string,
  times: Map<string, number>,
  omittedBefore: number,
): ChangedFiles {
  let omittedFiles = omittedBefore

  function add(observation: Observation): void {
    // One that failed or was refused wrote nothing.
    if (observation.type !== 'tool' || observation.level !== 'DEFAULT' || isRoot(observation))
      return
    for (const changed of changedFiles(observation.name, inputShown(observation, mask))) {
      const path = ownText(cutText(changed, MAX_PATH_LENGTH))
      const before = times.get(path)
      if (before === undefined && times.size >= MAX_FILES) omittedFiles += 1
      else times.set(path, (before ?? 0) + 1)
    }
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) if (emission.kind === 'observation') add(emission)
    },
    fork: () => gathering(mask, new Map(times), omittedFiles),
    result: () => ({
      files: Array.from(times, ([path, count]) => ({ path, times: count })),
      omittedFiles,
    }),
  }
}

/** Of a tool: the part of its input that is looked at. */
export function inputShown(
  { type, input }: Observation,
  mask: (text: string) => string,
): string | undefined {
  if (type !== 'tool' || input === undefined || input === null) return undefined
  const text = typeof input === 'string' ? input : jsonText(input)
  return mask(text.slice(0, MAX_INPUT))
}
