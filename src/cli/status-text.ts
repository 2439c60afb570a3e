/** How the bridge is and what today cost, as a person reads it. Pure. */
import type { Health } from '../doctor/bridge-target.ts'
import { exporterDefinitions } from '../exporters/registry.ts'
import { type RefusalCounts, refusalsToActOn, remedyOf } from '../domain/refusal.ts'
import type { WaitingCounts } from '../storage/store-reader.ts'
import type { Overview } from '../api/contract/overview.ts'
import { costSummary, eventsWarning } from '../domain/cost-text.ts'
import {
  bytesText,
  countOfText,
  countText,
  durationText,
  tokensText,
} from '../domain/figure-text.ts'
import type { FolderMatch } from './folder-bridge.ts'
import { allTokens } from './session-table.ts'
import { styled, type Style, type TextLine } from './terminal.ts'

export interface Status {
  readonly bridge: {
    readonly address: string
    /** A bridge answers there. */
    readonly answers: boolean
    /** And records can be stored. */
    readonly isWell: boolean
    /** `null` when none answers there, or does not tell; `problem` says why. */
    readonly health: Health | null
    readonly problem: string | null
    /** Whether it is the bridge of this store. */
    readonly folder: FolderMatch
  }
  readonly dataDir: string
  /** Where the store is unless it is in `dataDir`; without user and password. */
  readonly database: string | null
  /** `null` when the data cannot be read; `dataProblem` says why. */
  readonly data: StoredStatus | null
  readonly dataProblem: string | null
  /** What the bridge refused since its start, by reason; empty when it does not tell. */
  readonly refused: RefusalCounts
}

export interface StoredStatus {
  readonly openSessions: number
  readonly totals: Overview['totals']
  readonly waiting: WaitingCounts
}

const LABEL_WIDTH = 11

type Line = readonly [label: string, text: string, style?: Style]

export function statusLines(status: Status): readonly TextLine[] {
  const lines = [
    ...bridgeLines(status),
    ['Data', status.database ?? status.dataDir] as const,
    ...dataLines(status),
  ]
  const width = Math.max(LABEL_WIDTH, ...lines.map(([label]) => label.length + 2))
  return lines.map(([label, text, style]) => [
    styled('gray', label.padEnd(width)),
    style === undefined ? text : styled(style, text),
  ])
}

function bridgeLines({ bridge, dataDir, database, data }: Status): readonly Line[] {
  const { address, answers, isWell, health, problem, folder } = bridge
  const waiting = data === null ? [] : [['Waiting', storedWaitingText(data.waiting)] as const]
  if (!answers) {
    return [
      ['Bridge', `none: ${address} ${problem ?? ''}`.trim(), 'red'],
      ['', 'Start it with claude-telemetry start, or run claude-telemetry doctor.'],
      ...waiting,
    ]
  }
  const state = `${isWell ? 'runs' : 'cannot store records'} at ${address}`
  const colour = isWell ? 'green' : 'red'
  if (health === null) {
    return [['Bridge', state, colour], ['', problem ?? '', 'yellow'], ...waiting]
  }
  const line: Line = ['Bridge', `${state}, version ${health.version}`, colour]
  if (folder === 'other') {
    const setting = database === null ? 'DATA_DIR' : 'DATABASE_URL'
    return [
      line,
      [
        '',
        database === null
          ? `but it uses a different data folder from DATA_DIR=${dataDir}`
          : `but it uses a different database from DATABASE_URL, ${database}`,
        'red',
      ],
      [
        '',
        `The figures below are from ${setting}. Set OTLP_RECEIVER_PORT and ${setting} to the same bridge.`,
      ],
      ...waiting,
    ]
  }
  return [
    line,
    ...(health.storage?.lastError ? [['', health.storage.lastError, 'red'] as const] : []),
    ...langfuseLines(health),
    ...exporterLines(health),
    ['Waiting', waitingText(health)],
    ...refusedLines(health),
    ...storeLines(health),
  ]
}

function stateStyle(state: string): Style {
  return state === 'connected' ? 'green' : 'yellow'
}

/** None where it is not set up, and something else is. */
function langfuseLines({ langfuse, exporters = [] }: Health): readonly Line[] {
  const hasOthers = exporters.some(({ name }) => name !== 'langfuse')
  if (langfuse === 'unconfigured' && hasOthers) return []
  return [['Langfuse', langfuse, stateStyle(langfuse)]]
}

/** Exporters beside Langfuse. */
function exporterLines({ exporters = [] }: Health): readonly Line[] {
  return exporters
    .filter(({ name }) => name !== 'langfuse')
    .map(({ name, state }) => [name, state, stateStyle(state)])
}

/** A line a reason, with what to do about it. */
function refusedLines({ refused }: Health): readonly Line[] {
  return refusalsToActOn(refused).flatMap(([reason, count], index): Line[] => [
    [index === 0 ? 'Refused' : '', `${countText(count)} ${reason.replaceAll('_', ' ')}`, 'yellow'],
    ['', `→ ${remedyOf(reason)}`],
  ])
}

/** How large the store is, against its bound. */
function storeLines({ storage }: Health): readonly Line[] {
  if (typeof storage?.usedBytes !== 'number') return []
  const { usedBytes, maxBytes, droppedSessions, isFull, waitingSessions } = storage
  const bound = maxBytes === 0 ? '' : ` of ${bytesText(maxBytes)}`
  const dropped =
    droppedSessions === 0
      ? ''
      : `; ${countOfText(droppedSessions, 'session')} deleted for lack of space`
  const line: Line = ['Store', `${bytesText(usedBytes)}${bound}${dropped}`]
  if (!isFull) return [line]
  const waiting =
    waitingSessions === 0
      ? 'the remaining sessions are open'
      : `the remaining sessions are open, or wait for Langfuse (${countOfText(waitingSessions, 'session')})`
  return [line, ['', `larger than MAX_STORE_SIZE, and nothing can be deleted: ${waiting}`, 'red']]
}

function dataLines({ data, dataProblem }: Status): readonly Line[] {
  if (data === null) return [['Today', `unknown: ${dataProblem ?? ''}`, 'yellow']]
  const { totals, openSessions } = data
  const today = [
    costSummary(totals, totals.modelCalls),
    tokensText(allTokens(totals)),
    countOfText(totals.prompts, 'prompt'),
    countOfText(totals.sessions, 'session'),
  ]
  const problem = eventsWarning(totals)
  return [
    ['Today', today.join(', ')],
    ...(problem === undefined ? [] : [['', problem, 'yellow'] as const]),
    ['Open', countOfText(openSessions, 'session')],
  ]
}

function waitingText(health: Health): string {
  const { pending, dead, dropped, oldestPendingMs, exporters = [] } = health
  const langfuse = { name: 'langfuse', state: health.langfuse, pending, oldestPendingMs }
  const parts = [
    ...(exporters.length > 1 ? exporters : [langfuse]).map((exporter) => {
      const { name, state } = exporter
      const items = `${countOfText(exporter.pending, 'item')} for ${labelOf(name)}`
      if (exporter.pending === 0) return items
      if (state === 'unconfigured') return `${items}, kept until it has keys`
      return `${items}, the oldest for ${durationText(exporter.oldestPendingMs)}`
    }),
    ...deadText(dead),
    ...(dropped > 0 ? [`${countText(dropped)} dropped for lack of space`] : []),
  ]
  return parts.join('; ')
}

function storedWaitingText({ exporters, dead }: WaitingCounts): string {
  const waiting = exporters.map(({ name, pending }) => {
    const when = pending > 0 ? ', sent once it runs' : ''
    return `${countOfText(pending, 'item')} for ${labelOf(name)}${when}`
  })
  return [...waiting, ...deadText(dead)].join('; ')
}

function labelOf(exporter: string): string {
  return exporterDefinitions.find(({ name }) => name === exporter)?.label ?? exporter
}

function deadText(dead: number): readonly string[] {
  return dead > 0 ? [`${countText(dead)} refused: claude-telemetry outbox list`] : []
}
