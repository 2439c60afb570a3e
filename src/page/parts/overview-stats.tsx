/** The figures at the top of the overview, with how they compare to the range before. */
import type { Overview } from '../../api/contract/overview.ts'
import { formatCompact, formatCount, formatRatio, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import { costNote, costTitle, formatCost } from '../format/cost.ts'
import { formatUsd } from '../format/usd.ts'
import { Stat, Stats } from './stat.tsx'

export function OverviewStats({ overview }: { readonly overview: Overview }) {
  const { totals, previous, cache, edits, firstCommit } = overview
  const errorRate = totals.toolResults > 0 ? totals.toolFailures / totals.toolResults : null
  return (
    <Stats label="Totals of the range">
      <Stat
        label="Cost"
        value={formatCost(totals.costUsd)}
        title={costTitle(totals, totals.modelCalls)}
        note={
          costNote(totals, totals.modelCalls) ?? changeOf(totals.costUsd, previous?.costUsd ?? null)
        }
      />
      <Stat
        label="Tokens"
        value={formatCompact(tokenSum(totals.tokens))}
        title={tokenTitle(totals.tokens)}
        note={`${formatCompact(totals.tokens.output)} output`}
      />
      <Stat
        label="Sessions"
        value={formatCount(totals.sessions)}
        note={plural(totals.prompts, 'prompt')}
      />
      <Stat
        label="Read from cache"
        value={formatRatio(cache.hitRatio)}
        note={cache.savedUsd === null ? undefined : savedText(cache.savedUsd)}
      />
      <Stat
        label="Tool errors"
        value={formatRatio(errorRate)}
        note={`${formatCount(totals.toolFailures)} of ${formatCount(totals.toolResults)}`}
        tone={errorRate !== null && errorRate > 0.2 ? 'bad' : 'plain'}
      />
      <Stat
        label="Failed calls"
        value={formatCount(totals.modelErrors)}
        note={`in addition to ${plural(totals.modelCalls, 'call')}`}
        tone={totals.modelErrors > 0 ? 'bad' : 'plain'}
      />
      <Stat
        label="Edits accepted"
        value={formatRatio(edits.acceptance)}
        note={`${formatCount(edits.accepted)} of ${formatCount(edits.accepted + edits.rejected)}`}
      />
      <Stat
        label="Lines"
        value={
          <>
            <span className="good">+{formatCompact(totals.linesAdded)}</span>{' '}
            <span className="bad">−{formatCompact(totals.linesRemoved)}</span>
          </>
        }
        note={`${plural(totals.commits, 'commit')}, ${plural(totals.pullRequests, 'PR')}`}
      />
      <Stat
        label="Time to first commit"
        value={firstCommit.medianMs === null ? '–' : formatDuration(firstCommit.medianMs)}
        note={
          firstCommit.sessions === 0
            ? 'no commits'
            : `median of ${plural(firstCommit.sessions, 'session')}`
        }
      />
      <Stat
        label="Active time"
        value={formatDuration(1000 * totals.activeAgentS)}
        note={`you ${formatDuration(1000 * totals.activeUserS)}`}
      />
    </Stats>
  )
}

function savedText(usd: number): string {
  return usd >= 0 ? `saved ${formatUsd(usd)}` : `cost ${formatUsd(-usd)} more`
}

/** `+12.5% vs. the previous range`; nothing where either cost is not known. */
function changeOf(now: number | null, before: number | null): string | undefined {
  if (now === null || before === null) return undefined
  if (before <= 0) return 'no data in the previous range'
  const change = now / before - 1
  const sign = change < 0 ? '−' : '+'
  return `${sign}${formatRatio(Math.abs(change))} vs. the previous range`
}
