/** Whether a bridge that is to follow transcripts finds any. Pure. */
import type { Config } from '../config/config.ts'
import { fine, type Finding, warning } from './finding.ts'

/** None where transcripts are not followed. `folders` are those of agents that are there. */
export function transcriptFindings(
  { watch }: Pick<Config, 'watch'>,
  folders: readonly string[],
): readonly Finding[] {
  if (watch === undefined) return []
  const id = 'transcripts.watch'
  if (folders.length === 0) {
    return [
      warning(
        id,
        'WATCH_TRANSCRIPTS is on, but no agent has a transcript folder here',
        'Run an agent once; if it has run, check CLAUDE_CONFIG_DIR and CODEX_HOME of the bridge',
      ),
    ]
  }
  const content = watch.isExported ? 'is exported as well' : 'stays in the store'
  return [fine(id, `following ${folders.join(', ')}; content ${content}`)]
}
