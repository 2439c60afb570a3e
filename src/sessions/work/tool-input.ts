/** What the input of a tool says of work: commands, and requests to open a pull request. Pure. */
import type { JsonValue } from '../../domain/json-value.ts'
import { effectsOf, type PullRequestEffect, type WorkEffect } from './command-effects.ts'
import { nameOf } from './place.ts'
import { objectOf, type PrintedCommit } from './tool-output.ts'

/** What tells the input of a tool: the input itself, its parameters. */
export type ToldInput = readonly (JsonValue | undefined)[]

/**
 * Quick to tell apart: most tools do nothing of the kind. In JSON, a letter may stand in front of a name
 * that ends an escape: `\n`, `\u0026`.
 */
const IS_ABOUT_WORK = /(?:\b|\\[bfnrt]|\\u[\da-f]{4})(?:git|gh|glab|hub|tea|az)\b/i
const OPENS_PULL_REQUEST = /create_?(?:pull|merge)_?request$/i

/** Of whatever tells the input of a tool. */
export function effectsIn(tool: string, told: ToldInput): readonly WorkEffect[] {
  const first = told.find((input) => input !== undefined)
  if (first !== undefined && OPENS_PULL_REQUEST.test(tool)) return [pullRequestByTool(first)]
  const command = wholeCommandIn(told)
  return command === undefined || !IS_ABOUT_WORK.test(command) ? NOTHING : effectsOf(command)
}

export const NOTHING: readonly WorkEffect[] = []

/**
 * A command that may be about work. Claude Code cuts the input of a tool to 128 characters, and tells the
 * whole command beside it.
 */
export function wholeCommandIn(told: ToldInput): string | undefined {
  const commands = told.flatMap((input) => {
    if (input === undefined || (typeof input === 'string' && !IS_ABOUT_WORK.test(input))) return []
    return commandIn(input) ?? []
  })
  return commands.sort((a, b) => b.length - a.length).at(0)
}

const HAS_COMMAND = /"(?:command|cmd|full_command)"\s*:/

/** Whether a command is told at all, whatever it is about. */
export function tellsCommand(told: ToldInput): boolean {
  return told.some((input) =>
    typeof input === 'string'
      ? HAS_COMMAND.test(input)
      : input !== undefined && commandIn(input) !== undefined,
  )
}

/** Of a tool such as an MCP server's `create_pull_request`. */
function pullRequestByTool(input: JsonValue): PullRequestEffect {
  const { head, source_branch: source, owner, repo } = membersOf(input)
  const branch = [head, source]
    .filter((name) => typeof name === 'string')
    .find((name) => name !== '')
  const isNamed = typeof owner === 'string' && typeof repo === 'string'
  return {
    kind: 'pull_request',
    isTool: true,
    ...(isNamed && { repository: `${owner}/${repo}` }),
    ...(branch !== undefined && { branch: branch.replace(/^[^:]*:/, '') }),
  }
}

/** A tool's input, which comes as an object or as its JSON. */
function membersOf(input: JsonValue): Readonly<Record<string, JsonValue | undefined>> {
  return objectOf(typeof input === 'string' ? parsed(input) : input)
}

function parsed(text: string): JsonValue | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // It was cut, or is the command itself.
    return undefined
  }
}

/** The shell command that a tool was given: as text, or as the words of one. */
function commandIn(input: JsonValue): string | undefined {
  const { command, cmd, full_command: full, script } = membersOf(input)
  const told = [command, cmd, full, script].find((value) => value !== undefined)
  if (typeof told === 'string') return told
  if (Array.isArray(told) && told.every((word) => typeof word === 'string')) {
    return told.map(quoted).join(' ')
  }
  return undefined
}

function quoted(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Claude Code says which commit it saw a command make, in the parameters of the tool. */
export function commitIn(parameters: string | undefined): PrintedCommit | undefined {
  if (parameters === undefined || !parameters.includes('git_commit_id')) return undefined
  const { git_commit_id: id, git_branch: branch } = membersOf(parameters)
  if (typeof id !== 'string' || !/^[0-9a-f]{4,64}$/.test(id)) return undefined
  return { hash: id, branch: typeof branch === 'string' ? nameOf(branch) : undefined }
}
