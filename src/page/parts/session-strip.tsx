/** A session's figures in a row. */
import type { Strip } from '../../api/contract/session.ts'
import { formatCompact, formatCount, formatRatio, plural } from '../format/count.ts'
import { formatDuration } from '../format/duration.ts'
import { tokenSum, tokenTitle } from '../format/token-sum.ts'
import { costNote, costTitle, costText } from '../../domain/cost-text.ts'
import { Lines } from './lines.tsx'
import { Stat, Stats } from './stat.tsx'

export interface SessionStripProps {
  readonly strip: Strip
  /** Without metrics active time and lines are not known. */
  readonly hasMetrics: boolean
}

export function SessionStrip({ strip, hasMetrics }: SessionStripProps) {
  // Commits are seen in commands as well.
  const isDeliveryKnown = hasMetrics || strip.commits + strip.pullRequests > 0
  const edits = strip.editsAccepted + strip.editsRejected
  return (
    <Stats label="Totals of the session">
      <Stat
        label="Cost"
        value={costText(strip.costUsd)}
        title={costTitle(strip, strip.modelCalls)}
        note={costNote(strip, strip.modelCalls) ?? plural(strip.modelCalls, 'call')}
      />
      <Stat
        label="Tokens"
        value={formatCompact(tokenSum(strip.tokens))}
        title={tokenTitle(strip.tokens)}
        note={
          strip.cacheHitRatio === null
            ? undefined
            : `${formatRatio(strip.cacheHitRatio)} from cache`
        }
      />
      <Stat
        label="Prompts"
        value={formatCount(strip.prompts)}
        note={strip.subagents > 0 ? plural(strip.subagents, 'subagent') : undefined}
      />
      <Stat
        label="Tools"
        value={formatCount(strip.toolResults)}
        note={`${formatCount(strip.toolFailures)} failed, ${formatCount(strip.toolRefusals)} refused`}
      />
      <Stat
        label="Active time"
        value={hasMetrics ? formatDuration(1000 * strip.activeAgentS) : '–'}
        note={
          hasMetrics
            ? `agent, you ${formatDuration(1000 * strip.activeUserS)}; lasted ${formatDuration(strip.durationMs)}`
            : `lasted ${formatDuration(strip.durationMs)}; no metrics received`
        }
      />
      <Stat
        label="Lines"
        value={hasMetrics ? <Lines added={strip.linesAdded} removed={strip.linesRemoved} /> : '–'}
        note={
          edits > 0
            ? `${formatCount(strip.editsAccepted)} of ${plural(edits, 'edit')} accepted`
            : undefined
        }
      />
      <Stat
        label="Commits"
        value={isDeliveryKnown ? formatCount(strip.commits) : '–'}
        note={isDeliveryKnown ? plural(strip.pullRequests, 'PR') : undefined}
      />
      <Stat
        label="Errors"
        value={formatCount(strip.errors)}
        note={`${formatCount(strip.modelErrors)} from the model`}
        tone={strip.errors > 0 ? 'bad' : 'plain'}
      />
    </Stats>
  )
}
