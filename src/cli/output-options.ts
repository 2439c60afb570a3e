/** The options that say how much of a list is printed, and in which format. */
import { type Command, Option } from 'commander'
import { numberBetween } from './number-option.ts'
import { FORMATS, type Format } from './row-format.ts'

export interface LimitOptions {
  readonly limit?: number
  readonly all?: boolean
}

export interface FormatOptions {
  readonly format: Format
  readonly json?: boolean
}

const MAX_LIMIT = 1_000_000

/** `--limit` and `--all`, one or the other; `usual` says what holds without them. */
export function addLimitOptions(command: Command, usual: string): Command {
  return command
    .addOption(
      new Option('-n, --limit <number>', `maximum number (default: ${usual})`)
        .argParser(numberBetween(1, MAX_LIMIT))
        .conflicts('all'),
    )
    .option('--all', 'all of them')
}

/** How many at most: what was asked for, else `usual` ones for a person and all for a program. */
export function limitOf({ limit, all }: LimitOptions, format: Format, usual: number): number {
  if (limit !== undefined) return limit
  return all === true || isForPrograms(format) ? Number.POSITIVE_INFINITY : usual
}

/** `--format`, and `--json` for the one that scripts want most. */
export function addFormatOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'output format')
        .choices(FORMATS)
        .default('table')
        .conflicts('json'),
    )
    .option('--json', 'short for --format json')
}

export function formatOf({ format, json }: FormatOptions): Format {
  return json === true ? 'json' : format
}

/** Nobody reads along, so nothing may be missing from it and nothing be said beside it. */
export function isForPrograms(format: Format): boolean {
  return format === 'json' || format === 'csv'
}
