/** Counts and shares, by the rules that the CLI has as well. */
import {
  bytesText,
  countOfText,
  countText,
  exactCountText,
  shareText,
} from '../../domain/figure-text.ts'

/** `1,234`. */
export const formatCount = exactCountText
/** `1.2M`. */
export const formatCompact = countText
export const plural = countOfText
export const formatBytes = bytesText

/** `97.4%`; a dash when there is nothing to divide. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? '–' : shareText(ratio)
}
