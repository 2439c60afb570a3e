/** Where agents keep their transcripts on this machine. */
import { existsSync } from 'node:fs'
import { transcriptSources } from '../receivers/transcripts/sources.ts'

/** Those folders that are there. */
export function transcriptFolders(
  homeDir: string,
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return transcriptSources
    .flatMap(({ folders }) => folders(homeDir, variables))
    .filter((folder) => existsSync(folder))
}
