/**
 * What a session works on, read from whatever tells it: labels of folders, shell commands in the input of
 * tools, what they printed, metrics, and the status line. The same is told several times and in any
 * order; a tool is known by its id.
 */
import type {
  AgentEvent,
  OtherEvent,
  SpanEvent,
  ToolReport,
  ToolResultEvent,
} from '../../domain/agent-event.ts'
import type { Identity } from '../../domain/identity.ts'
import type { JsonValue } from '../../domain/json-value.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import { isTrunk } from '../../domain/work.ts'
import { ownText } from '../../domain/own-text.ts'
import type { Draft } from '../draft.ts'
import { type CorrelationBounds, look, note } from '../pending-correlations.ts'
import { namedTurnKey } from '../turns/turn.ts'
import {
  type BranchEffect,
  type CommitEffect,
  effectsOf,
  type PullRequestEffect,
  type WorkEffect,
} from './command-effects.ts'
import { moveCommit, movePlace, namePrinted, noteCommit, notePullRequest } from './commits.ts'
import { repositoryIn, withFolder } from './folders.ts'
import { segmentAt, workOf } from './segments.ts'
import {
  exitCodeIn,
  objectOf,
  type PrintedCommit,
  printedCommits,
  pullRequestIn,
  repositoryUrlOf,
  saysNothingCommitted,
  textOfOutput,
} from './tool-output.ts'
import type { Place, Work, WorkTool } from './work-state.ts'

/** Tools whose input told something, by their id. */
const TOOLS: CorrelationBounds = { entries: 200, bytes: 30_000 }
const MAX_NAME_LENGTH = 200
const MAX_URL_LENGTH = 500
const MAX_FOLDER_LENGTH = 500
/** Lines of commits kept of an output that came before its tool. */
const MAX_LINES = 5
/** Of a status line as the bridge stores it. */
const STATUS_PULL_REQUEST = 'status line'

/** Takes what an event tells. Calls that it counts come after. */
export function noteWork(draft: Draft, item: AgentEvent): void {
  const event = item.kind === 'transcript' || item.kind === 'fallback' ? item.event : item
  notePlace(draft, item)
  noteFolder(draft, item)
  switch (event.kind) {
    case 'tool_result':
      noteCommandSeen(draft, [event.input, event.parameters])
      noteResult(draft, event)
      return
    case 'tool_report':
      noteCommandSeen(draft, [event.input])
      noteToolReport(draft, event)
      return
    case 'span':
      noteOutput(draft, event)
      return
    case 'other':
      noteStatusLine(draft, event)
      return
    default:
  }
}

/**
 * Hooks and transcripts say where somebody works; resource attributes what was true when the agent was
 * started, so they count as long as nothing better is told. What says the same again is no news: it may
 * be older than what a command did since.
 */
function notePlace(draft: Draft, event: AgentEvent): void {
  const { timeMs } = event
  const place = placeIn(event.identity)
  if (place === undefined) return
  const source = sourceOf(event)
  const { work: known } = draft.state
  if (known !== undefined && (timeMs < known.placeMs || isKnown(known.told[source], place))) return
  const work = workOf(draft.state)
  const before = work.told[source]
  work.told = { ...work.told, [source]: { ...before, ...place } }
  const { hook, transcript } = work.told
  if (source === 'telemetry' && (hook ?? transcript) !== undefined) return
  work.placeMs = timeMs
  const current = segmentAt(work, timeMs)
  const isElsewhere = place.repository !== undefined && place.repository !== before?.repository
  // What it says of nothing has not changed, unless it is another repository.
  movePlace(
    draft,
    isElsewhere
      ? { repositoryUrl: undefined, branch: undefined, ...place }
      : { ...placeOf(current), ...changed(before, place) },
    timeMs,
  )
}

/** The whole path, as hooks tell it, or the last part of it, as transcripts do. */
function noteFolder({ state }: Draft, event: AgentEvent): void {
  const { labels } = event.identity
  const isTold = sourceOf(event) !== 'telemetry'
  const path = event.cwd ?? (isTold ? labels?.folder : undefined)
  if (path === undefined) return
  const { work } = state
  const folders = withFolder(work?.folders ?? [], { path, repository: nameOf(labels?.repository) })
  if (folders !== work?.folders) workOf(state).folders = folders
}

function placeOf({ repository, repositoryUrl, branch }: Place): Place {
  return { repository, repositoryUrl, branch }
}

/** Each is compared with what it said itself: one of them may lag behind another. */
function sourceOf(event: AgentEvent): keyof Work['told'] {
  if (event.kind === 'transcript') return 'transcript'
  const isHook = event.kind === 'other' ? event.isHook === true : event.kind.endsWith('_report')
  return isHook ? 'hook' : 'telemetry'
}

function isKnown(known: Place | undefined, { repository, repositoryUrl, branch }: Place): boolean {
  return (
    (repository === undefined || repository === known?.repository) &&
    (repositoryUrl === undefined || repositoryUrl === known?.repositoryUrl) &&
    (branch === undefined || branch === known?.branch)
  )
}

function changed(before: Place | undefined, place: Place): Place {
  const names = (Object.keys(place) as (keyof Place)[]).filter(
    (name) => place[name] !== before?.[name],
  )
  return Object.fromEntries(names.map((name) => [name, place[name]]))
}

/** Made once for the labels of many records. */
const places = new WeakMap<object, { readonly place: Place | undefined }>()

function placeIn({ labels }: Identity): Place | undefined {
  if (labels === undefined) return undefined
  const known = places.get(labels)
  if (known !== undefined) return known.place
  const repository = nameOf(labels.repository ?? labels['vcs.repository.name'])
  const branch = nameOf(labels.branch ?? labels['vcs.ref.head.name'])
  const url = labels.repository_url ?? labels['vcs.repository.url.full']
  const repositoryUrl = url === undefined ? undefined : pageOf(url)
  const isTold = repository !== undefined || branch !== undefined
  const place = isTold
    ? {
        ...(repository !== undefined && { repository }),
        ...(repositoryUrl !== undefined && { repositoryUrl }),
        ...(branch !== undefined && { branch }),
      }
    : undefined
  places.set(labels, { place })
  return place
}

/** An address that can be led to, without what may stand behind it. */
function pageOf(url: string): string | undefined {
  const isPage = url.length <= MAX_URL_LENGTH && /^https?:\/\/[^\s?#@]+$/.test(url)
  return isPage ? url.replace(/\.git$|\/+$/, '') : undefined
}

function nameOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : ownText(text.slice(0, MAX_NAME_LENGTH))
}

function noteResult(draft: Draft, event: ToolResultEvent): void {
  const { toolUseId, success, errorType, output, timeMs } = event
  const known = knownTool(draft, toolUseId)
  const effects = effectsOfTool(known, event.tool, [event.input, event.parameters])
  if (effects.length === 0) return
  const isFailure = !success || errorType?.startsWith('exit code') === true || failedBy(output)
  noteDone(draft, event, {
    effects,
    known,
    isFailure,
    text: textOf(known, output),
    commitId: commitIdIn(event.parameters),
  })
  // By the agent's own clock, as calls are; a hook told it by ours.
  if (known?.doneMs !== undefined && !isFailure) {
    for (const key of keysOf(keyOf(event), effects)) moveCommit(draft, key, timeMs)
  }
}

function noteToolReport(draft: Draft, event: ToolReport): void {
  const { state, input, output } = event
  const known = knownTool(draft, event.toolUseId)
  const effects = effectsOfTool(known, event.tool, [input])
  if (effects.length === 0) return
  if (state === 'begun') {
    if (known?.effects.length !== effects.length)
      keepTool(draft, event.toolUseId, { ...known, effects, cwd: event.cwd })
    return
  }
  const isFailure = state === 'failed' || failedBy(output)
  noteDone(draft, event, { effects, known, isFailure, text: textOf(known, output) })
}

/** The output of a tool that has come apart from it, before or after its result. */
function noteOutput(draft: Draft, { toolUseId, output }: SpanEvent): void {
  if (output === undefined || toolUseId === undefined) return
  const known = knownTool(draft, toolUseId)
  const text = textOfOutput(output)
  if (known?.doneMs !== undefined) {
    complete(draft, toolUseId, known.effects, text)
    return
  }
  // Only what will be asked for is kept of it.
  const lines = text.split('\n').filter((line) => printedCommits(line).length > 0)
  const url = pullRequestIn(text)?.url
  const kept = [...lines.slice(-MAX_LINES), ...(url === undefined ? [] : [url])]
  if (kept.length === 0) return
  const printed = kept.map((line) => ownText(line.slice(0, MAX_URL_LENGTH))).join('\n')
  keepTool(draft, toolUseId, { effects: NOTHING, ...known, printed })
}

function effectsOfTool(
  known: WorkTool | undefined,
  tool: string,
  told: readonly (JsonValue | undefined)[],
): readonly WorkEffect[] {
  if (known?.doneMs !== undefined && known.effects.length > 0) return known.effects
  const effects = effectsIn(tool, told)
  // Of a command that one source cuts, another may tell the whole.
  return known !== undefined && known.effects.length >= effects.length ? known.effects : effects
}

/** An output, and what came of it before. */
function textOf(known: WorkTool | undefined, output: JsonValue | undefined): string {
  return `${textOfOutput(output)}\n${known?.printed ?? ''}`
}

interface Done {
  readonly effects: readonly WorkEffect[]
  readonly known: WorkTool | undefined
  readonly isFailure: boolean
  readonly text: string
  readonly commitId?: string | undefined
}

/** A tool has ended. What failed did only what its output proves. */
function noteDone(
  draft: Draft,
  event: ToolResultEvent | ToolReport,
  { effects, known, isFailure, text, commitId }: Done,
): void {
  const key = keyOf(event)
  if (known?.doneMs !== undefined) {
    complete(draft, key, effects, text, commitId)
    return
  }
  const printed = printedIn(effects, text, commitId)
  if (event.toolUseId !== undefined) {
    const hasDone = !isFailure || printed.length > 0
    keepTool(draft, event.toolUseId, { effects, ...(hasDone && { doneMs: event.timeMs }) })
  }
  const turn = namedTurnKey(event) ?? draft.state.currentTurn
  const told = { atMs: event.timeMs, turn }
  const cwd = beganIn(known, event)
  const isNothing = saysNothingCommitted(text) && printed.length === 0
  let commits = 0
  for (const [at, effect] of effects.entries()) {
    const own = { ...told, key: `${key}#${at}` }
    if (effect.kind === 'branch') {
      if (!isFailure) checkOut(draft, effect, event.timeMs, cwd)
    } else if (effect.kind === 'pull_request') openPullRequest(draft, effect, own, isFailure, text)
    else {
      const line = printed[commits]
      commits += 1
      if ((isFailure || isNothing) && line === undefined) continue
      noteCommit(draft, {
        ...own,
        cwd,
        ...folderOf(effect),
        isAmend: effect.isAmend,
        printed: line,
      })
    }
  }
}

/** The folder in which a tool was begun: a command may end in another one. */
function beganIn(known: WorkTool | undefined, { cwd }: ToolResultEvent | ToolReport) {
  return known?.cwd ?? cwd
}

function folderOf({ folder }: CommitEffect): { readonly folder?: string } {
  return folder === undefined ? {} : { folder: ownText(folder.slice(-MAX_FOLDER_LENGTH)) }
}

/** What an output says of what a tool did that is known already. */
function complete(
  draft: Draft,
  key: string,
  effects: readonly WorkEffect[],
  text: string,
  commitId?: string,
): void {
  const printed = printedIn(effects, text, commitId)
  const commitKeys = effects.flatMap(({ kind }, at) => (kind === 'commit' ? [`${key}#${at}`] : []))
  for (const [at, commitKey] of commitKeys.entries()) {
    const line = printed[at]
    if (line !== undefined) namePrinted(draft, commitKey, line)
  }
  for (const [at, effect] of effects.entries()) {
    if (effect.kind !== 'pull_request' || pullRequestIn(text) === undefined) continue
    const known = { key: `${key}#${at}`, atMs: workOf(draft.state).placeMs, turn: undefined }
    openPullRequest(draft, effect, known, true, text)
  }
}

/** Lines of the commits of a tool; where there are fewer than commits, nobody knows whose they are. */
function printedIn(
  effects: readonly WorkEffect[],
  text: string,
  commitId: string | undefined,
): readonly PrintedCommit[] {
  const commits = effects.filter(({ kind }) => kind === 'commit').length
  if (commits === 0) return []
  const printed = printedCommits(text)
  const [only] = printed
  if (commits === 1 && commitId !== undefined && /^[0-9a-f]{7,64}$/.test(commitId)) {
    return [{ hash: commitId, branch: only?.branch }]
  }
  const lines = printed.map(({ hash, branch }) => ({ hash, branch: nameOf(branch) }))
  return lines.length >= commits ? lines.slice(-commits) : commits === 1 ? lines : []
}

function checkOut(
  draft: Draft,
  { branch, isUnsure, folder }: BranchEffect,
  atMs: number,
  cwd: string | undefined,
): void {
  const work = workOf(draft.state)
  const name = nameOf(branch)
  if (name === undefined) return
  const { folders = [] } = work
  if (!repositoryIn({ place: segmentAt(work, atMs), folders, cwd, folder }).isHere) return
  const isKnownBranch = isTrunk(name) || work.segments.some((segment) => segment.branch === name)
  if (isUnsure && !isKnownBranch) return
  movePlace(draft, { ...placeOf(segmentAt(work, atMs)), branch: name }, atMs)
}

function openPullRequest(
  draft: Draft,
  { repository: named, branch }: PullRequestEffect,
  told: { readonly key: string; readonly atMs: number; readonly turn: string | undefined },
  /** It needs an address to be believed. */
  needsProof: boolean,
  text: string,
): void {
  const printed = pullRequestIn(text)
  if (printed === undefined && needsProof) return
  const repository = nameOf(printed?.repository ?? named)
  notePullRequest(draft, {
    ...told,
    ...(printed !== undefined && {
      url: ownText(printed.url.slice(0, MAX_URL_LENGTH)),
      repositoryUrl: repositoryUrlOf(printed.url),
    }),
    ...(repository !== undefined && { repository }),
    ...(branch !== undefined && { branch: nameOf(branch) }),
  })
}

/** The pull request of the branch that is checked out, as the agent knows it. */
function noteStatusLine(draft: Draft, { pullRequest, timeMs }: OtherEvent): void {
  if (pullRequest === undefined) return
  const printed = pullRequestIn(pullRequest.url)
  notePullRequest(draft, {
    key: `${STATUS_PULL_REQUEST} ${pullRequest.url}`,
    atMs: timeMs,
    url: ownText(pullRequest.url.slice(0, MAX_URL_LENGTH)),
    ...(printed !== undefined && {
      repository: nameOf(printed.repository),
      repositoryUrl: repositoryUrlOf(printed.url),
    }),
  })
}

/** Metrics count what tools did; where no command is told, what they count is told by nothing else. */
export function noteWorkMetric(draft: Draft, sample: MetricSample, by: number): void {
  if (by <= 0 || (sample.measure !== 'commits' && sample.measure !== 'pull_requests')) return
  const work = workOf(draft.state)
  if (work.seesCommands === true) return
  const told = {
    key: `metric|${sample.dedupKey}`,
    atMs: sample.timeMs,
    turn: draft.state.currentTurn,
  }
  if (sample.measure === 'commits') {
    work.countedCommits += by
    if (work.countedCommits <= work.commits) return
    noteCommit(draft, { ...told, isAmend: false, isCounted: true })
    work.commits = work.countedCommits
    return
  }
  work.countedPullRequests += by
  if (work.countedPullRequests <= work.pullRequests) return
  notePullRequest(draft, told)
  work.pullRequests = work.countedPullRequests
}

function knownTool({ state }: Draft, toolUseId: string | undefined): WorkTool | undefined {
  return state.work === undefined ? undefined : look(state.work.tools, toolUseId)
}

function keepTool({ state }: Draft, toolUseId: string, tool: WorkTool): void {
  note(workOf(state).tools, toolUseId, tool, TOOLS)
}

function keyOf({ toolUseId, dedupKey }: ToolResultEvent | ToolReport): string {
  return toolUseId ?? dedupKey
}

function keysOf(key: string, effects: readonly WorkEffect[]): readonly string[] {
  return effects.map((_, at) => `${key}#${at}`)
}

/**
 * Quick to tell apart: most tools do nothing of the kind. In JSON, a letter may stand in front of a name
 * that ends an escape: `\n`, `\u0026`.
 */
const IS_ABOUT_WORK = /(?:\b|\\[bfnrt]|\\u[\da-f]{4})(?:git|gh|glab|hub|tea|az)\b/i
const OPENS_PULL_REQUEST = /create_?(?:pull|merge)_?request$/i

/** Of whatever tells the input of a tool. */
function effectsIn(tool: string, told: readonly (JsonValue | undefined)[]): readonly WorkEffect[] {
  const inputs = told.filter((input) => input !== undefined)
  const [first] = inputs
  if (first !== undefined && OPENS_PULL_REQUEST.test(tool)) return [pullRequestByTool(first)]
  const command = wholeCommandIn(
    inputs.filter((input) => typeof input !== 'string' || IS_ABOUT_WORK.test(input)),
  )
  return command === undefined || !IS_ABOUT_WORK.test(command) ? NOTHING : effectsOf(command)
}

const NOTHING: readonly WorkEffect[] = []

/** Claude Code cuts the input of a tool to 128 characters, and tells the whole command beside it. */
function wholeCommandIn(inputs: readonly JsonValue[]): string | undefined {
  const commands = inputs.map(commandIn).filter((command) => command !== undefined)
  return commands.sort((a, b) => b.length - a.length).at(0)
}

const HAS_COMMAND = /"(?:command|cmd|full_command)"\s*:/

function noteCommandSeen({ state }: Draft, told: readonly (JsonValue | undefined)[]): void {
  if (state.work?.seesCommands === true) return
  const isTold = told.some((input) =>
    typeof input === 'string'
      ? HAS_COMMAND.test(input)
      : input !== undefined && commandIn(input) !== undefined,
  )
  if (isTold) workOf(state).seesCommands = true
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

function failedBy(output: JsonValue | undefined): boolean {
  const code = exitCodeIn(output)
  return code !== undefined && code !== 0
}

/** Claude Code says the hash of a commit that it saw, in the parameters of the tool. */
function commitIdIn(parameters: string | undefined): string | undefined {
  if (parameters === undefined || !parameters.includes('git_commit_id')) return undefined
  const { git_commit_id: id } = membersOf(parameters)
  return typeof id === 'string' ? id : undefined
}
