/**
 * Claude Code's transcripts, 1.0.17 to 2.1.329: `projects/<folder>/<session>.jsonl`, and the files of
 * subagents beside them or in `<session>/subagents`.
 */
import { join } from 'node:path'
import {
  type FileFacts,
  firstTimeOf,
  type Line,
  mentions,
  objectOf,
  stemOf,
  textOf,
  type TranscriptSource,
} from '../source.ts'
import { forkedFrom } from './line.ts'
import { createClaudeCodeReader } from './reader.ts'

const AGENT_FILE = /^agent-/

function folders(
  home: string,
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const configured = variables.CLAUDE_CONFIG_DIR
  const bases =
    configured === undefined || configured === ''
      ? [join(home, '.claude'), join(home, '.config/claude')]
      : [configured]
  return bases.map((base) => join(base, 'projects'))
}

/** Lines of other agents have no `sessionId`, but for copies of these. */
function isOwn(line: Line): boolean {
  return textOf(line.sessionId) !== undefined && textOf(line.type) !== undefined
}

/** A line that names no session. A file of a session that nobody went on with may have no others. */
function isNote({ type, leafUuid, messageId: of }: Line): boolean {
  if (type === 'summary') return textOf(leafUuid) !== undefined
  return type === 'file-history-snapshot' && textOf(of) !== undefined
}

function recognises(lines: readonly Line[]): boolean {
  return lines.some(isOwn) || lines.some(isNote)
}

function facts(fileName: string, lines: readonly Line[]): FileFacts {
  const stem = stemOf(fileName)
  const ids = lines.map((line) => textOf(line.sessionId)).filter((id) => id !== undefined)
  // A subagent of a resumed process begins under the id that this threw away.
  const told = AGENT_FILE.test(stem)
    ? (lines.findLast((line) => line.type === 'assistant')?.sessionId ?? ids[0])
    : ids.includes(stem)
      ? stem
      : ids[0]
  const folder = lines.map((line) => textOf(line.cwd)).find((cwd) => cwd !== undefined)
  return {
    sessionId: textOf(told) ?? stem,
    firstMs: firstTimeOf(lines),
    folder,
    firstId: AGENT_FILE.test(stem)
      ? undefined
      : lines.map(firstMessageId).find((id) => id !== undefined),
    forkedFrom: lines
      .map((line) => textOf(forkedFrom(line)?.sessionId))
      .find((id) => id !== undefined && id !== told),
  }
}

/** A copy may have an id of its own. */
function firstMessageId(line: Line): string | undefined {
  const id = messageId(line)
  return id && (textOf(forkedFrom(line)?.messageUuid) ?? id)
}

function messageId(line: Line): string | undefined {
  return line.type === 'user' || line.type === 'assistant' ? textOf(line.uuid) : undefined
}

/** Most bytes are of lines that tell nothing here: attachments, requests, snapshots. */
const mayTell = mentions([
  '"user"',
  '"assistant"',
  '"system"',
  '"cost-state"',
  'title"',
  '"api-request"',
])

export const claudeCodeTranscripts: TranscriptSource = {
  agent: 'claude-code',
  title: 'Claude Code',
  folders,
  isOwn,
  recognises,
  facts,
  mayTell,
  messageId,
  createReader: (fileName, state, origin, sessionId) =>
    createClaudeCodeReader(stemOf(fileName), { former: objectOf(state), origin, sessionId }),
}
