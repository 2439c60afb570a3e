/** Durations, by the rules that the CLI has as well. */
import { durationText, hoursText } from '../../domain/figure-text.ts'

export const formatDuration = durationText
/** Of time that somebody worked: never in days. */
export const formatHours = hoursText
