/** How the bridge is and what today cost, as a person reads it. Pure. */
import type { Health } from '../doctor/health-answer.ts'
import type { WaitingCounts } from '../store/queries/waiting-sessions.ts'
import type { Overview } from '../web/contract/overview.ts'
import { countOfText, countText, durationText, usdText } from './figures.ts'
import { allTokens } from './session-table.ts'
import { styled, type Style, type TextLine } from './terminal.ts'

export interface Status {
  readonly bridge: {
    readonly address: string
    /** `null` when none answers there; `problem` says why. */
    readonly health: Health | null
    readonly problem: string | null
  }
  readonly dataDir: string
  /** `null` when the data cannot be read; `dataProblem` says why. */
  readonly data: StoredStatus | null
  readonly dataProblem: string | null
}

export interface StoredStatus {
  readonly openSessions: number
  readonly totals: Overview['totals']
  readonly waiting: WaitingCounts
}

const LABEL_WIDTH = 11

type Line = readonly [label: string, text: string, style?: Style]

export function statusLines(status: Status): readonly TextLine[] {
  const lines = [...bridgeLines(status), ['Data', status.dataDir] as const, ...dataLines(status)]
  return lines.map(([label, text, style]) => [
    styled('gray', label.padEnd(LABEL_WIDTH)),
    style === undefined ? text : styled(style, text),
  ])
}

function bridgeLines({ bridge, data }: Status): readonly Line[] {
  const { address, health, problem } = bridge
  if (health === null) {
    const waiting = data === null ? [] : [['Waiting', storedWaitingText(data.waiting)] as const]
    return [
      ['Bridge', `none: ${address} ${problem ?? ''}`.trim(), 'red'],
      ['', 'Start it with claude-telemetry start; claude-telemetry doctor says more.'],
      ...waiting,
    ]
  }
  const { status, version, langfuse } = health
  const isWell = status === 'ok'
  const state = isWell ? 'runs' : 'cannot store records'
  return [
    ['Bridge', `${state} at ${address}, version ${version}`, isWell ? 'green' : 'red'],
    ['Langfuse', langfuse, langfuse === 'connected' ? 'green' : 'yellow'],
    ['Waiting', waitingText(health)],
  ]
}

function dataLines({ data, dataProblem }: Status): readonly Line[] {
  if (data === null) return [['Today', `not known: ${dataProblem ?? ''}`, 'yellow']]
  const { totals, openSessions } = data
  const today = [
    usdText(totals.costUsd),
    countOfText(allTokens(totals), 'token'),
    countOfText(totals.prompts, 'prompt'),
    countOfText(totals.sessions, 'session'),
  ]
  return [
    ['Today', today.join(', ')],
    ['Open', countOfText(openSessions, 'session')],
  ]
}

function waitingText({ pending, dead, dropped, oldestPendingMs }: Health): string {
  const age = pending > 0 ? `, the oldest for ${durationText(oldestPendingMs)}` : ''
  const parts = [
    `${countOfText(pending, 'item')} for Langfuse${age}`,
    ...deadText(dead),
    ...(dropped > 0 ? [`${countText(dropped)} dropped for want of room`] : []),
  ]
  return parts.join('; ')
}

function storedWaitingText({ pending, dead }: WaitingCounts): string {
  const when = pending > 0 ? ', sent once it runs' : ''
  return [`${countOfText(pending, 'item')} for Langfuse${when}`, ...deadText(dead)].join('; ')
}

function deadText(dead: number): readonly string[] {
  return dead > 0 ? [`${countText(dead)} refused: claude-telemetry outbox list`] : []
}
