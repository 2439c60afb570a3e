/** The agents whose transcripts are read. A further one is a folder beside this file and a line here. */
import { claudeCodeTranscripts } from './claude-code/source.ts'
import { codexTranscripts } from './codex/source.ts'
import type { TranscriptSource } from './source.ts'

export const transcriptSources: readonly TranscriptSource[] = [
  claudeCodeTranscripts,
  codexTranscripts,
]
