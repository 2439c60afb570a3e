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
import type { JsonValue } from '../../domain/json-value.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import { isTrunk } from '../../domain/work.ts'
import { ownText } from '../../domain/own-text.ts'
import type { Draft } from '../draft.ts'
import { type CorrelationBounds, look, note } from '../pending-correlations.ts'
import { namedTurnKey } from '../turns/turn.ts'
import { looksLikeHash, type WorktreeEffect } from './branch-commands.ts'
import type { WorkEffect } from './command-effects.ts'
import {
  dropCommit,
  moveCommit,
  movePlace,
  namePrinted,
  noteCommit,
  notePullRequest,
  renameBranch,
} from './commits.ts'
import { pathOf, repositoryIn, withWorktree } from './folders.ts'
import { joined } from './paths.ts'
import {
  type BranchOutcome,
  branchOutcomes,
  type CommitOutcome,
  commitOutcomes,
  type Evidence,
  isWorktreeMade,
  type PullRequestOutcome,
  pullRequestOutcomes,
} from './proof.ts'
import { nameOf, noteFolder, notePlace, placeOf } from './place.ts'
import { segmentAt, workOf } from './segments.ts'
import {
  commitIn,
  effectsIn,
  NOTHING,
  tellsCommand,
  type ToldInput,
  wholeCommandIn,
} from './tool-input.ts'
import {
  countNothingCommitted,
  detachedAt,
  exitCodeIn,
  type PrintedCommit,
  printedBranches,
  printedCommits,
  pullRequestIn,
  repositoryUrlOf,
  textOfOutput,
} from './tool-output.ts'
import type { Place, Work, WorkTool } from './work-state.ts'

/** Tools whose input told something, by their id. */
const TOOLS: CorrelationBounds = { entries: 200, bytes: 30_000 }
const MAX_URL_LENGTH = 500
const MAX_FOLDER_LENGTH = 500
/** Lines of commits kept of an output that came before its tool. */
const MAX_LINES = 10
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

function noteResult(draft: Draft, event: ToolResultEvent): void {
  const { toolUseId, success, errorType, output, timeMs } = event
  const known = knownTool(draft, toolUseId)
  const commit = commitIn(event.parameters)
  const told = effectsOfTool(known, event.tool, [event.input, event.parameters])
  const effects = commit === undefined ? told : withCommitEffect(told)
  const isFailure = !success || errorType?.startsWith('exit code') === true || failedBy(output)
  if (!isFailure) noteExplained(draft, event, effects, [event.input, event.parameters])
  if (effects.length === 0) return
  noteDone(draft, event, {
    effects,
    known,
    evidence: { isFailure, text: textOf(known, output), commit },
  })
  // By the agent's own clock, as calls are; a hook told it by ours.
  if (known?.doneMs !== undefined && !isFailure) {
    for (const key of keysOf(keyOf(event), effects)) moveCommit(draft, key, timeMs)
  }
}

/** As Claude Code does, whose metric counts every such command that succeeded. */
const LOOKS_LIKE_COMMIT = /\bgit(?:\s+-[cC]\s+\S+|\s+--[^\s=]+=\S+)*\s+commit\b/

/** A tool for which the metric will count a commit, whatever it really did. */
function noteExplained(
  draft: Draft,
  event: ToolResultEvent | ToolReport,
  effects: readonly WorkEffect[],
  told: ToldInput,
): void {
  const known = knownTool(draft, event.toolUseId)
  if (known?.doneMs !== undefined) return
  const isCommit = effects.some((effect) => effect.kind === 'commit' && effect.isCopy !== true)
  const command = isCommit ? undefined : wholeCommandIn(told)
  if (!isCommit && (command === undefined || !LOOKS_LIKE_COMMIT.test(command))) return
  const work = workOf(draft.state)
  work.explained = explainedIn(work) + 1
  if (event.toolUseId !== undefined && effects.length === 0) {
    keepTool(draft, event.toolUseId, { ...known, effects, doneMs: event.timeMs })
  }
}

function explainedIn({ explained, commits }: Work): number {
  return explained ?? commits
}

/** Of a command that nobody saw commit, but the agent did. */
function withCommitEffect(effects: readonly WorkEffect[]): readonly WorkEffect[] {
  const isCommit = effects.some(({ kind }) => kind === 'commit')
  return isCommit ? effects : [...effects, { kind: 'commit', isAmend: false }]
}

function noteToolReport(draft: Draft, event: ToolReport): void {
  const { state, input, output } = event
  const known = knownTool(draft, event.toolUseId)
  const effects = effectsOfTool(known, event.tool, [input])
  if (state === 'begun') {
    if (effects.length > 0 && known?.effects.length !== effects.length)
      keepTool(draft, event.toolUseId, { ...known, effects, cwd: event.cwd })
    return
  }
  const isFailure = state === 'failed' || failedBy(output)
  if (!isFailure) noteExplained(draft, event, effects, [input])
  if (effects.length === 0) return
  noteDone(draft, event, {
    effects,
    known,
    evidence: { isFailure, text: textOf(known, output) },
  })
}

/** The output of a tool that has come apart from it, before or after its result. */
function noteOutput(draft: Draft, { toolUseId, output }: SpanEvent): void {
  if (output === undefined || toolUseId === undefined) return
  const known = knownTool(draft, toolUseId)
  const text = textOfOutput(output)
  if (known?.doneMs !== undefined) {
    const told = { key: toolUseId, atMs: known.doneMs, turn: draft.state.currentTurn }
    const evidence = { text, isFailure: true }
    complete(draft, { ...told, cwd: known.cwd }, { effects: known.effects, known, evidence })
    return
  }
  // Only what will be asked for is kept of it.
  const kept = text.split('\n').filter(isEvidence).slice(-MAX_LINES)
  if (kept.length === 0) return
  const printed = kept.map((line) => ownText(line.slice(0, MAX_URL_LENGTH))).join('\n')
  keepTool(draft, toolUseId, { effects: NOTHING, ...known, printed })
}

function isEvidence(line: string): boolean {
  const isOfGit =
    printedCommits(line).length +
      printedBranches(line).length +
      detachedAt(line).length +
      countNothingCommitted(line) >
    0
  return isOfGit || pullRequestIn(line) !== undefined
}

function effectsOfTool(
  known: WorkTool | undefined,
  tool: string,
  told: ToldInput,
): readonly WorkEffect[] {
  if (known?.doneMs !== undefined && known.effects.length > 0) return known.effects
  const effects = effectsIn(tool, told)
  // Of a command that one source cuts, another may tell the whole.
  return known !== undefined && known.effects.length >= effects.length ? known.effects : effects
}

/** An output; where it says nothing of what was done, what came of it before. */
function textOf(known: WorkTool | undefined, output: JsonValue | undefined): string {
  const text = textOfOutput(output)
  return known?.printed === undefined || text.split('\n').some(isEvidence) ? text : known.printed
}

interface Done {
  readonly effects: readonly WorkEffect[]
  readonly known: WorkTool | undefined
  readonly evidence: Evidence
}

/** Which tool it was, and when it was done. */
interface ToldTool {
  readonly key: string
  readonly atMs: number
  readonly turn: string | undefined
  /** The folder in which it was begun. */
  readonly cwd: string | undefined
}

/** A tool has ended. What failed did only what its output proves. */
function noteDone(draft: Draft, event: ToolResultEvent | ToolReport, done: Done): void {
  const { effects, known, evidence } = done
  const told: ToldTool = {
    key: keyOf(event),
    atMs: event.timeMs,
    turn: namedTurnKey(event) ?? draft.state.currentTurn,
    cwd: known?.cwd ?? event.cwd,
  }
  if (known?.doneMs !== undefined) {
    complete(draft, told, done)
    return
  }
  const commits = commitOutcomes(effects, evidence).filter(({ isMade }) => isMade)
  const moves = branchOutcomes(effects, evidence)
  const opens = pullRequestOutcomes(effects, evidence).filter(({ isOpened }) => isOpened)
  const made: number[] = []
  for (const [at, effect] of effects.entries()) {
    if (effect.kind === 'worktree' && isWorktreeMade(evidence)) noteWorktree(draft, told, effect)
    const commit = commits.find((each) => each.at === at)
    if (commit !== undefined) makeCommit(draft, told, commit)
    const move = moves.find((each) => each.at === at)
    const isMoved = move !== undefined && checkOut(draft, told, move)
    const opened = opens.find((each) => each.at === at)
    if (opened !== undefined) openPullRequest(draft, told, opened)
    if (commit !== undefined || isMoved) made.push(at)
  }
  if (event.toolUseId === undefined) return
  keepTool(draft, event.toolUseId, {
    effects,
    ...((!evidence.isFailure || made.length > 0) && { doneMs: event.timeMs, made }),
    ...(told.cwd !== undefined && { cwd: told.cwd }),
  })
}

function makeCommit(
  draft: Draft,
  { key, ...told }: ToldTool,
  { at, effect, printed }: CommitOutcome,
): void {
  const { folder, isAmend, isCopy } = effect
  const own = folder === undefined ? {} : { folder: ownText(folder.slice(-MAX_FOLDER_LENGTH)) }
  noteCommit(draft, {
    ...told,
    ...own,
    key: `${key}#${at}`,
    isAmend,
    isCopy,
    printed: named(printed),
  })
}

function named(printed: PrintedCommit | undefined): PrintedCommit | undefined {
  return printed && { hash: ownText(printed.hash), branch: nameOf(printed.branch) }
}

/** What is told once more of what a tool did: what it proves that nobody knew, and names. */
function complete(draft: Draft, told: ToldTool, { effects, known, evidence }: Done): void {
  const made = new Set(known?.made ?? (known?.effects ?? effects).keys())
  let isNews = false
  for (const move of branchOutcomes(effects, evidence)) {
    if (!move.isPrinted || made.has(move.at)) continue
    checkOut(draft, told, move)
    made.add(move.at)
    isNews = true
  }
  for (const commit of commitOutcomes(effects, evidence)) {
    const { at, isDenied, effect } = commit
    const key = `${told.key}#${at}`
    const printed = named(commit.printed)
    if (printed !== undefined && made.has(at))
      namePrinted(draft, { ...told, key, folder: effect.folder, printed }, printed)
    else if (printed !== undefined) {
      makeCommit(draft, told, commit)
      made.add(at)
      isNews = true
    } else if (isDenied && made.has(at) && dropCommit(draft, key)) {
      made.delete(at)
      isNews = true
    }
  }
  if (isNews) keepTool(draft, told.key, { ...known, effects, made: [...made] })
  const again = { ...told, atMs: workOf(draft.state).placeMs, turn: undefined }
  for (const opened of pullRequestOutcomes(effects, evidence)) {
    if (opened.printed !== undefined) openPullRequest(draft, again, opened)
  }
}

/** Whether it is believed. */
function checkOut(
  draft: Draft,
  { atMs, cwd }: ToldTool,
  { effect, isMove }: BranchOutcome,
): boolean {
  const work = workOf(draft.state)
  const { folders = [], worktrees, left } = work
  const current = segmentAt(work, atMs)
  const { folder } = effect
  if (!repositoryIn({ place: current, folders, worktrees, cwd, folder }).isHere) return false
  const goal = goalOf(work, effect, current)
  if (goal === undefined) return false
  const before = renamedBy(effect, current)
  if (before !== undefined && goal.branch !== undefined) {
    renameBranch(draft, { ...current, branch: before }, goal.branch)
    if (left?.branch === before) work.left = { ...left, ...goal }
    return true
  }
  work.left = { repository: current.repository, branch: isMove ? current.branch : goal.branch }
  movePlace(draft, { ...placeOf(current), branch: goal.branch }, atMs, isMove)
  return true
}

/** The branch that is checked out then, if any is; undefined where that is not known. */
function goalOf(
  { left, segments }: Work,
  effect: BranchOutcome['effect'],
  { repository }: Place,
): Pick<Place, 'branch'> | undefined {
  if (effect.kind === 'detach') return {}
  if (effect.kind === 'checkout') {
    return left !== undefined && left.repository === repository
      ? { branch: left.branch }
      : undefined
  }
  const branch = nameOf(effect.branch)
  if (branch === undefined) return undefined
  const isKnown =
    isTrunk(branch) ||
    left?.branch === branch ||
    segments.some((segment) => segment.branch === branch)
  if (!effect.isUnsure || isKnown) return { branch }
  return looksLikeHash(branch) ? {} : undefined
}

/** The branch that is called otherwise from now on. */
function renamedBy(effect: BranchOutcome['effect'], { branch }: Place): string | undefined {
  if (effect.kind !== 'branch') return undefined
  return effect.renamed === '' ? branch : effect.renamed
}

/** Commits in it are of the repository that it is a working copy of. */
function noteWorktree(
  { state }: Draft,
  { atMs, cwd }: ToldTool,
  { path, folder, branch }: WorktreeEffect,
): void {
  const work = workOf(state)
  const { folders = [], worktrees = [] } = work
  const { repository } = repositoryIn({
    place: segmentAt(work, atMs),
    folders,
    worktrees,
    cwd,
    folder,
  })
  work.worktrees = withWorktree(worktrees, {
    path: ownText(pathOf({ cwd, folders }, joined(folder, path) ?? path)),
    ...(repository !== undefined && { repository }),
    ...(branch !== undefined && { branch: nameOf(branch) }),
  })
}

function openPullRequest(
  draft: Draft,
  { key, atMs, turn, cwd }: ToldTool,
  { at, effect, printed }: PullRequestOutcome,
): void {
  const { repository: named, folder } = effect
  const work = workOf(draft.state)
  const { folders = [], worktrees } = work
  const { worktree } = repositoryIn({
    place: segmentAt(work, atMs),
    folders,
    worktrees,
    cwd,
    folder,
  })
  const branch = effect.branch ?? worktree?.branch
  const repository = nameOf(printed?.repository ?? named)
  notePullRequest(draft, {
    ...{ key: `${key}#${at}`, atMs, turn },
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

/** Metrics count what tools did: what they count beyond those that are told is told by nothing else. */
export function noteWorkMetric(draft: Draft, sample: MetricSample, by: number): void {
  if (by <= 0 || (sample.measure !== 'commits' && sample.measure !== 'pull_requests')) return
  const work = workOf(draft.state)
  const told = {
    key: `metric|${sample.dedupKey}`,
    atMs: sample.timeMs,
    turn: draft.state.currentTurn,
  }
  if (sample.measure === 'commits') {
    work.countedCommits += by
    if (work.countedCommits <= explainedIn(work)) return
    noteCommit(draft, { ...told, isAmend: false, isCounted: true })
    work.explained = work.countedCommits
    return
  }
  if (work.seesCommands === true) return
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

function noteCommandSeen({ state }: Draft, told: ToldInput): void {
  if (state.work?.seesCommands !== true && tellsCommand(told)) workOf(state).seesCommands = true
}

function keyOf({ toolUseId, dedupKey }: ToolResultEvent | ToolReport): string {
  return toolUseId ?? dedupKey
}

function keysOf(key: string, effects: readonly WorkEffect[]): readonly string[] {
  return effects.map((_, at) => `${key}#${at}`)
}

function failedBy(output: JsonValue | undefined): boolean {
  const code = exitCodeIn(output)
  return code !== undefined && code !== 0
}
