/** The figures at the top of the overview, with how they compare to the range before. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Filter } from '../../api/contract/filter.ts'
import type { Overview } from '../../api/contract/overview.ts'
import { costComparison } from '../../domain/figure-text.ts'
import { ask } from '../ask.ts'
import { costNote, costTitle, costText } from '../../domain/cost-text.ts'
import { formatCompact, formatCount, formatRatio, plural } from '../format/count.ts'
import { formatDuration, formatHours } from '../format/duration.ts'
import { TIME_ZONE } from '../format/moment.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import { formatUsd } from '../format/usd.ts'
import { dayStart } from '../range.ts'
import { Lines } from './lines.tsx'
import { Stat, Stats } from './stat.tsx'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface OverviewStatsProps {
  readonly overview: Overview
  /** Which sessions; its range is not asked. */
  readonly filter: Partial<Filter>
}

export function OverviewStats({ overview, filter }: OverviewStatsProps) {
  const { totals, cache, edits, firstCommit } = overview
  const before = overview.previousIsPartial ? null : overview.previous
  const errorRate = totals.toolResults > 0 ? totals.toolFailures / totals.toolResults : null
  const calls = totals.modelCalls + totals.modelErrors
  return (
    <Stats label="Totals of the range">
      <Stat
        label="Cost"
        value={costText(totals.costUsd)}
        title={costTitle(totals, totals.modelCalls)}
        note={
          costNote(totals, totals.modelCalls) ??
          costComparison(totals.costUsd, before?.costUsd ?? null, 'the time before') ??
          plural(totals.modelCalls, 'call')
        }
      />
      <TodayStat filter={filter} />
      <Stat label="Per day" {...perDay(overview)} />
      <Stat
        label="Sessions"
        value={formatCount(totals.sessions)}
        note={[perSession(totals), plural(totals.prompts, 'prompt')]
          .filter((part) => part !== undefined)
          .join(' · ')}
      />
      <Stat
        label="Tokens"
        value={formatCompact(tokenSum(totals.tokens))}
        title={tokenTitle(totals.tokens)}
        note={`${formatCompact(totals.tokens.output)} output`}
      />
      <Stat
        label="Read from cache"
        value={formatRatio(cache.hitRatio)}
        note={cache.savedUsd === null ? undefined : savedText(cache.savedUsd)}
      />
      <Stat
        label="Tool errors"
        value={formatRatio(errorRate)}
        note={`${formatCount(totals.toolFailures)} of ${plural(totals.toolResults, 'result')}`}
        tone={errorRate !== null && errorRate > 0.2 ? 'bad' : 'plain'}
      />
      <Stat
        label="Failed calls"
        value={formatRatio(calls > 0 ? totals.modelErrors / calls : null)}
        note={`${formatCount(totals.modelErrors)} of ${plural(calls, 'model call')}`}
        tone={totals.modelErrors > 0 ? 'bad' : 'plain'}
      />
      <Stat
        label="Edits accepted"
        value={formatRatio(edits.acceptance)}
        note={`${formatCount(edits.accepted)} of ${plural(edits.accepted + edits.rejected, 'edit')}`}
      />
      <Stat
        label="Lines"
        value={<Lines added={totals.linesAdded} removed={totals.linesRemoved} />}
        note={`${plural(totals.commits, 'commit')}, ${plural(totals.pullRequests, 'pull request')}`}
      />
      <Stat
        label="Time to first commit"
        value={firstCommit.medianMs === null ? '–' : formatDuration(firstCommit.medianMs)}
        note={
          firstCommit.sessions === 0
            ? 'no commits yet'
            : `median of ${plural(firstCommit.sessions, 'session')}`
        }
      />
      <Stat
        label="Active time"
        value={formatHours(1000 * totals.activeAgentS)}
        note={`by agents, ${formatHours(1000 * totals.activeUserS)} by people`}
      />
    </Stats>
  )
}

/** What today has cost so far, and this hour, whatever the range. */
function TodayStat({ filter }: Pick<OverviewStatsProps, 'filter'>) {
  const nowMs = Date.now()
  const query = {
    ...filter,
    from: dayStart(nowMs),
    to: undefined,
    bucket: 'hour',
    tz: TIME_ZONE,
  } as const
  const { data } = useQuery({
    queryKey: ['today', query],
    queryFn: ({ signal }) => ask(api.overview, { query, signal }),
    refetchInterval: 15_000,
  })
  if (data === undefined) return <Stat label="Today" value="…" note="so far" />
  const { totals, series } = data
  const hour = series.find(({ startMs }) => startMs <= nowMs && nowMs < startMs + HOUR_MS)
  const hourUsd = hour?.costUsd ?? 0
  return (
    <Stat
      label="Today"
      value={costText(totals.costUsd)}
      title={costTitle(totals, totals.modelCalls)}
      note={hourUsd > 0 ? `${formatUsd(hourUsd)} this hour` : 'nothing this hour'}
    />
  )
}

/** The mean over the days since the first spending of the range. */
function perDay({ totals, series, fromMs, toMs }: Overview): { value: string; note?: string } {
  const first = series.find(({ sessions }) => sessions > 0)
  const beginMs = dayStart(Math.max(first?.startMs ?? fromMs, fromMs))
  const days = Math.max(
    1,
    Math.round((dayStart(Math.min(toMs, Date.now()) - 1, 1) - beginMs) / DAY_MS),
  )
  if (totals.costUsd === null) return { value: '–' }
  return { value: formatUsd(totals.costUsd / days), note: `over ${plural(days, 'day')}` }
}

function perSession({ costUsd, sessions }: Overview['totals']): string | undefined {
  if (costUsd === null || sessions === 0) return undefined
  return `${formatUsd(costUsd / sessions)} each`
}

function savedText(usd: number): string {
  return usd >= 0 ? `saved ${formatUsd(usd)}` : `cost ${formatUsd(-usd)} more`
}
