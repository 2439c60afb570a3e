/** The arguments of a status line, read without the parser of all commands: that takes too long. */
import { MAX_STATUS_WIDTH, MIN_STATUS_WIDTH, STATUS_PARTS, type StatusPart } from './line.ts'
import type { StatusLineWish } from './run.ts'

/** What is asked for; undefined for what the commands have to look at: a mistake, help, `--env-file`. */
export function statusLineWish(args: readonly string[]): StatusLineWish | undefined {
  const [command, ...rest] = args
  if (command !== 'statusline' || rest.length % 2 !== 0) return undefined
  let parts: readonly StatusPart[] | undefined = STATUS_PARTS
  let width = MAX_STATUS_WIDTH
  for (let index = 0; index < rest.length; index += 2) {
    const value = rest[index + 1] ?? ''
    if (rest[index] === '--parts') parts = partsIn(value)
    else if (rest[index] === '--width') width = /^\d{1,3}$/.test(value) ? Number(value) : 0
    else return undefined
  }
  const isWidth = width >= MIN_STATUS_WIDTH && width <= MAX_STATUS_WIDTH
  return parts === undefined || !isWidth ? undefined : { parts, width }
}

/** A list between commas; undefined where one of them is not known. */
export function partsIn(text: string): readonly StatusPart[] | undefined {
  const names = text.split(',').map((name) => name.trim())
  const parts = names.flatMap((name) => STATUS_PARTS.find((part) => part === name) ?? [])
  return parts.length === names.length ? parts : undefined
}
