/** What the output of a tool says of commits and pull requests. */
import type { JsonValue } from '../../domain/json-value.ts'

/** Characters of an output that are looked at. */
const MAX_LENGTH = 100_000
const MAX_DEPTH = 6

/** Members of what a forge's API answers, which say what somebody wrote. */
const PROSE: ReadonlySet<string> = new Set(['title', 'body', 'description'])

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
      for (const [name, each] of Object.entries(value) as [string, JsonValue | undefined][]) {
        if (!PROSE.has(name)) collect(each, depth + 1)
      }
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

/** The branches that git says it checked out, in their order. */
export function printedBranches(text: string): readonly string[] {
  const lines = text.matchAll(
    /^\s*(?:Switched to (?:a new |and reset )?branch|Already on) '([^'\n]{1,250})'/gm,
  )
  return [...lines].map(([, branch = '']) => branch)
}

/** The branches that git says were checked out before. */
export function branchesFoundIn(text: string): readonly string[] {
  const lines = text.matchAll(/^\s*Already on '([^'\n]{1,250})'/gm)
  return [...lines].map(([, branch = '']) => branch)
}

/** The commits that git says it checked out without a branch, as they were named and by their hashes. */
export function detachedAt(text: string): readonly string[] {
  const lines = text.matchAll(
    /^\s*(?:Note: (?:switching to|checking out) '([^'\n]{1,250})'|HEAD is now at ([0-9a-f]{4,64})\b)/gm,
  )
  return [...lines].map(([, named, hash = '']) => named ?? hash)
}

/** The names that git found no branch of, or one already where it was to make it. */
export function refusedBranches(text: string): readonly string[] {
  const lines = text.matchAll(
    /(?:branch named '([^'\n]+)' already exists|pathspec '([^'\n]+)' did not match|invalid reference: (\S+))/g,
  )
  return [...lines].map(([, exists, pathspec, reference]) => exists ?? pathspec ?? reference ?? '')
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
  /** Of its page. */
  readonly url: string
  /** `owner/name`; undefined where the address has an id instead. */
  readonly repository: string | undefined
  readonly number: number
}

/** GitHub, Gitea and Forgejo, GitLab, Bitbucket, Azure DevOps. */
const PULL_REQUEST_URL =
  /https?:\/\/[\w.-]+(?::\d+)?\/([\w.%/-]{1,200}?)(?:\/-)?\/(?:pulls?|merge_requests|pull-requests|pullrequests?)\/(\d{1,9})(?![\w-])/i

/** The first address of a pull request in a text. */
export function pullRequestIn(text: string): PrintedPullRequest | undefined {
  const [url, path, number] = PULL_REQUEST_URL.exec(text) ?? []
  if (url === undefined || path === undefined || number === undefined) return undefined
  return { url, repository: repositoryOfPath(path), number: Number(number) }
}

/**
 * The addresses that stand on a line of their own, as commands print those of what they made, in their
 * order. Addresses within other text are mentioned there.
 */
export function printedPullRequests(text: string): readonly PrintedPullRequest[] {
  return text.split('\n').flatMap((line) => {
    const address = addressOn(line)
    const printed = address === undefined ? undefined : pullRequestIn(address)
    if (printed?.url !== address || printed === undefined) return []
    const ofApi = AZURE_API.exec(printed.url)
    if (ofApi !== null) return [ofAzure(ofApi, printed.number, text)]
    return API.test(printed.url) ? [] : [printed]
  })
}

/** Agents may write which stream it is in front, and terminals leave their codes. */
function addressOn(line: string): string | undefined {
  if (line.length > 1000 || !/https?:\/\//.test(line)) return undefined
  const [, address] =
    /^\s*(?:(?:output|stdout|stderr|error):\s*)?<?(https?:\/\/[^\s<>]+)>?\s*$/i.exec(
      line.replaceAll(TERMINAL_CODES, ''),
    ) ?? []
  return address
}

// The escape character begins them.
const TERMINAL_CODES = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;?]*[A-Za-z]`, 'g')

/** Addresses of APIs, which lead to no page: GitHub and its servers, Gitea, GitLab, Bitbucket. */
const API = /^https?:\/\/(?:api\.[^/]+\/|[^/]+\/(?:[\w.-]+\/)?api\/v\d+\/|[^/]+\/rest\/api\/)/i

/** The Azure CLI tells that of the API. */
const AZURE_API = /^(https?:\/\/[^/]+)(\/[\w.%/-]*?)\/_apis\/git\/repositories\/([^/]+)\//i

/** Beside the address of the API, it tells the page of the repository. */
function ofAzure(
  [, host = '', path = '', id = '']: readonly string[],
  number: number,
  text: string,
): PrintedPullRequest {
  const pages = [...text.matchAll(/^https?:\/\/(?:[^\s/@]+@)?([^\s/@]+\/\S*?\/_git\/[^\s/]+)$/gm)]
  const [page] = pages
    .map(([, told = '']) => `https://${told}`)
    .filter((told) => told.startsWith(`${host}/`))
  const isName = page !== undefined || !/^[0-9a-f-]{36}$/i.test(id)
  const url = `${page ?? `${host}${path}/_git/${id}`}/pullrequest/${number}`
  return { url, number, repository: isName ? pullRequestIn(url)?.repository : undefined }
}

/** Of Azure DevOps, `_git` and of Bitbucket Server, `repos` stand before the name. */
function repositoryOfPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '_git' && part !== 'repos')
  return parts.slice(-2).join('/')
}

/** The web address of the repository that a pull request is of. */
export function repositoryUrlOf(pullRequestUrl: string): string | undefined {
  return /^(.+?)(?:\/-)?\/(?:pulls?|merge_requests|pull-requests|pullrequests?)\/\d+$/i.exec(
    pullRequestUrl,
  )?.[1]
}
