/** Where a session works: repository, branch and folders, as hooks, transcripts and resource attributes tell it. */
import type { AgentEvent } from '../../domain/agent-event.ts'
import type { Identity } from '../../domain/identity.ts'
import { ownText } from '../../domain/own-text.ts'
import type { Draft } from '../draft.ts'
import { movePlace } from './commits.ts'
import { withFolder } from './folders.ts'
import { segmentAt, workOf } from './segments.ts'
import { MAX_WORK_NAME, type Place, type Work } from './work-state.ts'

const MAX_URL_LENGTH = 500

/**
 * Hooks and transcripts say where somebody works; resource attributes what was true when the agent was
 * started, so they count as long as nothing better is told. What says the same again is no news: it may
 * be older than what a command did since.
 */
export function notePlace(draft: Draft, event: AgentEvent): void {
  const { timeMs } = event
  const place = placeIn(event.identity)
  if (place === undefined) return
  const source = sourceOf(event)
  const { work: known } = draft.state
  if (known !== undefined) forgetBranch(known, source, place, timeMs)
  if (known !== undefined && (timeMs < known.placeMs || isKnown(known.told[source], place))) return
  const work = workOf(draft.state)
  const before = work.told[source]
  work.told = { ...work.told, [source]: { ...before, ...place } }
  const { hook, transcript } = work.told
  if (source === 'telemetry' && (hook ?? transcript) !== undefined) return
  work.placeMs = timeMs
  const current = segmentAt(work, timeMs)
  const isElsewhere = place.repository !== undefined && place.repository !== before?.repository
  const { repository, branch } = current
  const isOther = place.branch !== undefined && place.branch !== branch
  if (isOther && before?.branch !== undefined && !isElsewhere) work.left = { repository, branch }
  // What it says of nothing has not changed, unless it is another repository.
  movePlace(
    draft,
    isElsewhere
      ? { repositoryUrl: undefined, branch: undefined, ...place }
      : { ...placeOf(current), ...changed(before, place) },
    timeMs,
  )
}

/** Where a source names no branch while none is checked out, its old one is news when it names it again. */
function forgetBranch(work: Work, source: keyof Work['told'], place: Place, timeMs: number): void {
  const told = work.told[source]
  const isDetached = place.branch === undefined && segmentAt(work, timeMs).branch === undefined
  if (told?.branch === undefined || !isDetached || timeMs < work.placeMs) return
  work.told = { ...work.told, [source]: { ...told, branch: undefined } }
}

/** The whole path, as hooks tell it, or the last part of it, as transcripts do. */
export function noteFolder({ state }: Draft, event: AgentEvent): void {
  const { labels } = event.identity
  const isTold = sourceOf(event) !== 'telemetry'
  const path = event.cwd ?? (isTold ? labels?.folder : undefined)
  if (path === undefined) return
  const { work } = state
  const folders = withFolder(work?.folders ?? [], { path, repository: nameOf(labels?.repository) })
  if (folders !== work?.folders) workOf(state).folders = folders
}

export function placeOf({ repository, repositoryUrl, branch }: Place): Place {
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
export function pageOf(url: string): string | undefined {
  const isPage = url.length <= MAX_URL_LENGTH && /^https?:\/\/[^\s?#@]+$/.test(url)
  return isPage ? url.replace(/\.git$|\/+$/, '') : undefined
}

export function nameOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : ownText(text.slice(0, MAX_WORK_NAME))
}
