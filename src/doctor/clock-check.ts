/** Whether two clocks agree: events carry the time of the machine they happened on. Pure. */
import { fine, type Finding, warning } from './finding.ts'

/** A Date header has whole seconds, and an answer takes its time. */
const TOLERANCE_MS = 30_000

/** Nothing is found when the other side told no time. */
export function clockFinding(
  id: string,
  whose: string,
  theirMs: number | undefined,
  ourMs: number,
): Finding[] {
  if (theirMs === undefined) return []
  const apartS = Math.round(Math.abs(theirMs - ourMs) / 1000)
  if (apartS * 1000 <= TOLERANCE_MS) return [fine(id, `the clock of ${whose} agrees`)]
  const what = `the clock of ${whose} is ${apartS} s ${theirMs > ourMs ? 'ahead' : 'behind'}`
  return [warning(id, what, 'Set both machines by NTP: times in traces are off by that')]
}
