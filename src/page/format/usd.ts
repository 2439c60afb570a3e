/** Money, by the rules that the CLI has as well. */
import { exactUsdText, usdText } from '../../domain/usd-text.ts'

export const formatUsd = usdText
/** All digits, for titles. */
export const exactUsd = exactUsdText
