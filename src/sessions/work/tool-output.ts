/** What the output of a tool says of commits and pull requests. */
import type { JsonValue } from '../../domain/json-value.ts'

/** Characters of an output that are looked at. */
const MAX_LENGTH = 100_000
const MAX_DEPTH = 6

/** All texts in an output, as lines; outputs come as text, as JSON, and as JSON in text. */
export function textOfOutput(output: JsonValue | undefined): string {
  const texts: string[] = []
  let length = 0
  const collect = (value: JsonValue | undefined, depth: number): void => {
    if (length > MAX_LENGTH || depth > MAX_DEPTH) return
    if (typeof value === 'string') {
      const inner = depth < MAX_DEPTH ? jsonIn(value) : undefined
      if (inner !== undefined) collect(inner, depth + 1)
      else {
        texts.push(value.slice(0, MAX_LENGTH))
        length += value.length
      }
    } else if (typeof value === 'object' && value !== null) {
      const members: readonly (JsonValue | undefined)[] = Object.values(value)
      for (const each of members) collect(each, depth + 1)
    }
  }
  collect(output, 0)
  return texts.join('\n')
}

function jsonIn(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/.test(text) || text.length > MAX_LENGTH) return undefined
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** The members of an object; none where it is something else. */
export function objectOf(
  value: JsonValue | undefined,
): Readonly<Record<string, JsonValue | undefined>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, JsonValue | undefined>>) : {}
}

/** A commit as `git commit` prints it. */
export interface PrintedCommit {
  readonly hash: string
  /** Undefined where `HEAD` was detached. */
  readonly branch: string | undefined
}

/** The lines `[main 1a2b3c4] subject`, in their order. */
export function printedCommits(text: string): readonly PrintedCommit[] {
  const lines = text.matchAll(/^\[([^\]\n]{1,250}?)(?: \([^)\n]*\))? ([0-9a-f]{7,64})\] /gm)
  return [...lines].map(([, where = '', hash = '']) => ({
    hash,
    branch: where === 'detached HEAD' ? undefined : where,
  }))
}

/**
 * How often it says that nothing was committed: as `git commit` does, with a code that may get lost in a
 * pipeline, and as `git status` does.
 */
export function countNothingCommitted(text: string): number {
  return [
    ...text.matchAll(
      /^(?:nothing to commit|nothing added to commit|no changes added to commit)\b/gm,
    ),
  ].length
}

/** The code that a command ended with, where the output tells it; agents call such a tool a success. */
export function exitCodeIn(output: JsonValue | undefined): number | undefined {
  const value = typeof output === 'string' ? (jsonIn(output) ?? output) : output
  if (typeof value === 'string') {
    const told =
      /^(?:Process exited with code|Exit code:?|exit code:?|Command exited with code) (\d+)/im.exec(
        value,
      )
    return told === null ? undefined : Number(told[1])
  }
  const { exit_code: exitCode, exitCode: code = exitCode, metadata } = objectOf(value)
  if (typeof code === 'number') return code
  return typeof metadata === 'object' ? exitCodeIn(metadata) : undefined
}

export interface PrintedPullRequest {
  readonly url: string
  /** `owner/name`. */
  readonly repository: string
  readonly number: number
}

/** GitHub, Gitea and Forgejo, GitLab, Bitbucket, Azure DevOps. */
const PULL_REQUEST_URL =
  /https?:\/\/[\w.-]+(?::\d+)?\/([\w.%/-]{1,200}?)(?:\/-)?\/(?:pulls?|merge_requests|pull-requests|pullrequest)\/(\d{1,9})(?![\w-])/

/** The first address of a pull request in a text. */
export function pullRequestIn(text: string): PrintedPullRequest | undefined {
  const [url, path, number] = PULL_REQUEST_URL.exec(text) ?? []
  if (url === undefined || path === undefined || number === undefined) return undefined
  return { url, repository: repositoryOfPath(path), number: Number(number) }
}

/** Of Azure DevOps, `_git` and of Bitbucket Server, `repos` stand before the name. */
function repositoryOfPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '_git' && part !== 'repos')
  return parts.slice(-2).join('/')
}

/** The web address of the repository that a pull request is of. */
export function repositoryUrlOf(pullRequestUrl: string): string | undefined {
  return /^(.+?)(?:\/-)?\/(?:pulls?|merge_requests|pull-requests|pullrequest)\/\d+$/.exec(
    pullRequestUrl,
  )?.[1]
}
