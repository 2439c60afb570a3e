/**
 * What a tool was used for, in one line: the command, the file with its range, the pattern, the address,
 * the subagent's task. It is made of the tool's input as it is shown, so it says nothing that is masked
 * or was not recorded there. Knows tools by the names of their arguments, which agents largely share
 * (Claude Code, Codex, Gemini CLI, Qwen Code, Copilot, opencode); any other tool shows its arguments. Pure.
 */
import type { JsonValue } from './json-value.ts'
import { safeLine } from './safe-text.ts'

/** Characters of a summary. */
export const MAX_SUMMARY_LENGTH = 120
/** Longer inputs are not parsed: what names them stands near their beginning. */
const MAX_PARSED_LENGTH = 16_384
/** Characters of one value that are looked at; the rest cannot be seen anyway. */
const MAX_LOOK = 600
/** The same of a whole line: the longest path that a system takes. */
const MAX_PATH = 4096

type Fields = Readonly<Record<string, JsonValue | undefined>>

/** What a call of a subagent was given. */
export interface SubagentTask {
  readonly type?: string
  readonly description?: string
  readonly prompt?: string
}

const SUBAGENT_TOOL = /^(?:agent|task|runsubagent|spawn_agent|delegate_to_agent)$/i

/** Undefined where the input says nothing, or is not there. `input` is JSON text or what it spells. */
export function toolSummary(name: string, input: JsonValue | undefined): string | undefined {
  const line = toolLine(name, input)
  const safe = line && safeLine(line).replace(/\s+/g, ' ').trim()
  return safe ? shortened(safe) : undefined
}

/** The same as it was told, up to the length of a path. */
export function toolLine(name: string, input: JsonValue | undefined): string | undefined {
  const fields = fieldsOf(input)
  const line = fields === undefined ? rawLine(input) : lineOf(name, fields)
  return line?.slice(0, MAX_PATH)
}

/** What the tool started a subagent with; undefined of any other tool. */
export function subagentTask(name: string, input: JsonValue | undefined): SubagentTask | undefined {
  if (!SUBAGENT_TOOL.test(name)) return undefined
  const fields = fieldsOf(input)
  if (fields === undefined) return undefined
  const type = firstText(fields, 'subagent_type', 'agent_type', 'agentName', 'agent_name')
  const description = firstText(fields, 'description')
  const prompt = firstText(fields, 'prompt', 'message', 'objective')
  return {
    ...(type !== undefined && { type }),
    ...(description !== undefined && { description }),
    ...(prompt !== undefined && { prompt }),
  }
}

/** Tools that write to the files that they name. */
const CHANGING_TOOL =
  /^(?:edit|multiedit|write|notebookedit|edit_file|write_file|replace|insert_edit_into_file|replace_string_in_file|create_file|create|edit_notebook|edit_notebook_file)$/i
/** Editors that look at files, too, and say in `command` what they do. */
const EDITOR_TOOL = /^str_replace(?:_based_edit|_editor)?(?:_tool)?$/i
const MAX_CHANGED = 100

/** The files that a tool writes to, as far as its input names them; none of any other tool. */
export function changedFiles(name: string, input: JsonValue | undefined): readonly string[] {
  const fields = fieldsOf(input)
  const patch =
    fields === undefined
      ? input
      : (firstText(fields, 'input', 'patch', 'patchText', 'command') ?? lastWord(fields.command))
  const patched = typeof patch === 'string' ? patchedFiles(patch).map(([, file]) => file) : []
  if (patched.length > 0) return patched
  if (fields === undefined) return []
  const isEditing = EDITOR_TOOL.test(name) && firstText(fields, 'command') !== 'view'
  if (!isEditing && !CHANGING_TOOL.test(name)) return []
  const file = fileOf(fields)
  return file === undefined ? [] : [file]
}

/** Codex passes patches to a program by its arguments, too. */
function lastWord(command: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(command) ? (command as readonly JsonValue[]).at(-1) : undefined
}

function lineOf(name: string, fields: Fields): string | undefined {
  const task = subagentTask(name, fields)
  if (task !== undefined) return taskLine(task)
  const file = fileLine(fields)
  // Editors that are told what to do by `command` (view, create, str_replace) work on a file.
  const command = commandLine(fields)
  if (command !== undefined && !(file !== undefined && EDITOR_COMMAND.test(command))) return command
  return (
    patternLine(fields) ??
    patchLine(firstText(fields, 'input', 'patch', 'patchText')) ??
    file ??
    firstText(fields, 'url', 'uri') ??
    listLine(fields.urls) ??
    firstText(fields, 'query', 'skill', 'skill_name', 'intent', 'subject', 'question', 'title') ??
    firstText(fields, 'description', 'prompt', 'objective', 'fact', 'message') ??
    questionLine(fields.questions) ??
    todoLine(fields) ??
    otherLine(fields)
  )
}

const EDITOR_COMMAND = /^(?:view|create|str_replace|insert|undo_edit)$/

function taskLine({ type, description, prompt }: SubagentTask): string | undefined {
  const what = description ?? prompt
  if (type === undefined) return what
  return what === undefined ? type : `${type}: ${what}`
}

function commandLine(fields: Fields): string | undefined {
  const { command } = fields
  if (Array.isArray(command)) return shellLine(command as readonly JsonValue[])
  return firstText(fields, 'full_command', 'command', 'cmd', 'script', 'code', 'chars')
}

/** `["bash", "-lc", "ls"]` runs what stands last. */
function shellLine(words: readonly JsonValue[]): string | undefined {
  const texts = words.filter((word) => typeof word === 'string')
  const isShell = texts.length === 3 && /^-\w*c$/.test(texts[1] ?? '')
  return (isShell ? texts[2] : texts.join(' '))?.slice(0, MAX_LOOK)
}

function patternLine(fields: Fields): string | undefined {
  const pattern = firstText(fields, 'pattern', 'regex', 'glob_pattern')
  if (pattern === undefined) return undefined
  const where = firstText(fields, 'path', 'dir_path', 'glob', 'include')
  return where === undefined ? pattern : `${pattern} in ${where}`
}

function fileLine(fields: Fields): string | undefined {
  const file =
    fileOf(fields) ??
    firstText(fields, 'dir_path', 'directory', 'filename', 'file') ??
    listLine(fields.paths ?? fields.files)
  if (file === undefined) return undefined
  const range = rangeOf(fields)
  return range === undefined ? file : `${file}:${range}`
}

function fileOf(fields: Fields): string | undefined {
  return firstText(fields, 'file_path', 'filePath', 'absolute_path', 'notebook_path', 'path')
}

function rangeOf(fields: Fields): string | undefined {
  const { view_range: view, pages } = fields
  if (typeof pages === 'string' || typeof pages === 'number') return `${pages}`
  const [first, last] = Array.isArray(view) ? (view as readonly JsonValue[]) : []
  const from = lineNumber(first ?? fields.startLine ?? fields.start_line ?? fields.offset)
  const to = lineNumber(last ?? fields.endLine ?? fields.end_line)
  const limit = lineNumber(fields.limit)
  if (from === undefined) return limit === undefined ? undefined : `1-${limit}`
  const end = to ?? (limit === undefined ? undefined : from + limit - 1)
  return end === undefined || end < from ? `${from}-` : `${from}-${end}`
}

function lineNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

const PATCHED_FILE = /^\*\*\* (Add|Update|Delete) File: (.+)$/gm

/** The files that a patch of Codex is about. */
function patchLine(patch: string | undefined): string | undefined {
  const files = patchedFiles(patch ?? '').slice(0, 20)
  if (files.length === 0) return undefined
  return files.map(([what, file]) => `${what.toLowerCase()} ${file}`).join(', ')
}

/** What a patch does, and to which file. */
function patchedFiles(patch: string): readonly (readonly [what: string, file: string])[] {
  if (!patch.includes('*** Begin Patch')) return []
  const files = [...patch.slice(0, MAX_PARSED_LENGTH).matchAll(PATCHED_FILE)]
  return files.slice(0, MAX_CHANGED).map(([, what = '', file = '']) => [what, file.trim()])
}

function questionLine(questions: JsonValue | undefined): string | undefined {
  const [first] = Array.isArray(questions) ? (questions as readonly JsonValue[]) : []
  return isFields(first) ? firstText(first, 'question') : undefined
}

/** How far a list of things to do is, and what is worked on. */
function todoLine(fields: Fields): string | undefined {
  const list = fields.todos ?? fields.plan ?? fields.todoList
  if (!Array.isArray(list)) return undefined
  const items = (list as readonly JsonValue[]).filter(isFields)
  if (items.length === 0) return undefined
  const done = items.filter(({ status }) => status === 'completed').length
  const current = items.find(({ status }) => status === 'in_progress' || status === 'in-progress')
  const now = current && firstText(current, 'content', 'step', 'title', 'description')
  return `${done} of ${items.length} done${now === undefined ? '' : `: ${now}`}`
}

/** Arguments that nobody here knows, the plain ones by name. */
function otherLine(fields: Fields): string | undefined {
  const parts: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (parts.length >= 10) break
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      continue
    parts.push(`${name}: ${String(value).slice(0, MAX_LOOK)}`)
  }
  return parts.length === 0 ? undefined : parts.join(', ')
}

function listLine(value: JsonValue | undefined): string | undefined {
  if (!Array.isArray(value)) return undefined
  const texts = (value as readonly JsonValue[]).filter((each) => typeof each === 'string')
  return texts.length === 0 ? undefined : texts.slice(0, 20).join(', ')
}

/** A text that is no object of arguments: a patch, or code. A note in brackets says nothing. */
function rawLine(input: JsonValue | undefined): string | undefined {
  if (typeof input !== 'string') return undefined
  const text = input.trimStart()
  const patch = patchLine(text)
  if (patch !== undefined) return patch
  if (text.startsWith('[') || text.startsWith('{')) return undefined
  return text.slice(0, MAX_LOOK)
}

function fieldsOf(input: JsonValue | undefined): Fields | undefined {
  if (isFields(input)) return input
  if (typeof input !== 'string' || !/^\s*\{/.test(input)) return undefined
  if (input.length > MAX_PARSED_LENGTH) return fieldsOfBeginning(input.slice(0, MAX_PARSED_LENGTH))
  try {
    const value: unknown = JSON.parse(input)
    return isFields(value as JsonValue) ? (value as Fields) : undefined
  } catch {
    return fieldsOfBeginning(input)
  }
}

/** Quotes within a string are escaped, so a name between bare quotes before a colon is a member's. */
const TEXT_MEMBER = /"(\w{1,40})"\s*:\s*"((?:[^"\\]|\\.)*)("?)/gy
const NUMBER_MEMBER = /"(\w{1,40})"\s*:\s*(\d{1,9})\b/gy
const GAP = /[\s,{]*/gy

/** The plain members at the head of an object that is cut, or too long to be parsed. */
function fieldsOfBeginning(text: string): Fields | undefined {
  const fields: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
  let at = 0
  for (;;) {
    GAP.lastIndex = at
    GAP.exec(text)
    at = GAP.lastIndex
    TEXT_MEMBER.lastIndex = at
    NUMBER_MEMBER.lastIndex = at
    const found = TEXT_MEMBER.exec(text)
    const number = found === null ? NUMBER_MEMBER.exec(text) : null
    if (found !== null) {
      fields[found[1] ?? ''] ??= unescaped(found[2] ?? '')
      at = TEXT_MEMBER.lastIndex
    } else if (number !== null) {
      fields[number[1] ?? ''] ??= Number(number[2])
      at = NUMBER_MEMBER.lastIndex
    } else break
  }
  return Object.keys(fields).length === 0 ? undefined : fields
}

function unescaped(body: string): string {
  const text = body.slice(0, MAX_PARSED_LENGTH)
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}

function firstText(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (typeof value === 'string' && value.trim() !== '') return value
  }
  return undefined
}

function isFields(value: JsonValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path keeps its end, anything else its beginning. Never splits a surrogate pair. */
function shortened(line: string): string {
  if (line.length <= MAX_SUMMARY_LENGTH) return line
  const isPath = /^[\w.~-]*\/\S+$/.test(line) && !line.includes('://')
  const kept = isPath
    ? `…${line.slice(1 - MAX_SUMMARY_LENGTH)}`
    : `${line.slice(0, MAX_SUMMARY_LENGTH - 1)}…`
  return kept.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '')
}
