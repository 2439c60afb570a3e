/** Codex' rollouts: `sessions/<year>/<month>/<day>/rollout-<time>-<thread>.jsonl`, a file a thread. */
import { join } from 'node:path'
import {
  type FileFacts,
  firstTimeOf,
  folderName,
  type Line,
  mentions,
  objectOf,
  stemOf,
  textOf,
  type TranscriptSource,
} from '../source.ts'
import { createCodexReader, placeOfThread } from './reader.ts'

function folders(
  home: string,
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { CODEX_HOME: configured } = variables
  const base = configured === undefined || configured === '' ? join(home, '.codex') : configured
  return [join(base, 'sessions'), join(base, 'archived_sessions')]
}

const TYPES = new Set(['session_meta', 'turn_context', 'event_msg', 'response_item'])

function isOwn(line: Line): boolean {
  return TYPES.has(textOf(line.type) ?? '') && objectOf(line.payload) !== undefined
}

function facts(fileName: string, lines: readonly Line[]): FileFacts {
  const meta = objectOf(lines.find((line) => line.type === 'session_meta')?.payload)
  return {
    sessionId: placeOfThread(stemOf(fileName), meta).sessionId,
    firstMs: firstTimeOf(lines),
    folder: folderName(textOf(meta?.cwd)) === undefined ? undefined : textOf(meta?.cwd),
  }
}

/** The rest is what the model is told about its tools and its surroundings. */
const mayTell = mentions([
  '"session_meta"',
  '"turn_context"',
  '"task_started"',
  '"task_complete"',
  '"turn_aborted"',
  '"thread_settings_applied"',
  '"token_count"',
  '"token_usage_record"',
  '"user_message"',
  '"UserMessage"',
  '"role":"user"',
  '"role": "user"',
  '"role":"assistant"',
  '"role": "assistant"',
  '_call"',
  '_call_output"',
  '_search_output"',
  '_spawn_end"',
  '_command_end"',
])

export const codexTranscripts: TranscriptSource = {
  agent: 'codex',
  title: 'Codex CLI',
  folders,
  isOwn,
  recognises: (lines) => lines.some(isOwn),
  facts,
  mayTell,
  // Copies are known by what they tell.
  messageId: () => undefined,
  createReader: (fileName, state) => createCodexReader(stemOf(fileName), objectOf(state)),
}
