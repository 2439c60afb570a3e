/** What transcripts of Claude Code add up to, worked out from their lines alone: each request once. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Sums {
  calls: number
  input: number
  output: number
  cacheRead: number
  cacheCreation: number
  prompts: number
  tools: number
}

interface Block {
  readonly type: string
  readonly tool_use_id?: string
}

interface Line {
  readonly type: string
  readonly uuid: string
  readonly isMeta?: boolean
  readonly isSidechain?: boolean
  readonly isCompactSummary?: boolean
  readonly message: {
    readonly id: string
    readonly content: string | readonly Block[]
    readonly usage: Readonly<Record<string, number>>
  }
}

/** Over all files of a folder. */
export function ownSums(folder: string): Sums {
  const calls = new Map<string, Readonly<Record<string, number>>>()
  const prompts = new Set<string>()
  const tools = new Set<string>()
  for (const line of linesIn(folder)) {
    const { message, type, uuid } = line
    if (type === 'assistant') {
      const known = calls.get(message.id)?.output_tokens ?? 0
      if (known <= (message.usage.output_tokens ?? 0)) calls.set(message.id, message.usage)
    }
    if (type !== 'user') continue
    for (const id of resultsOf(line)) tools.add(id)
    if (isTyped(line)) prompts.add(uuid)
  }
  const sum = (name: string): number =>
    [...calls.values()].reduce((total, usage) => total + (usage[name] ?? 0), 0)
  return {
    calls: calls.size,
    input: sum('input_tokens'),
    output: sum('output_tokens'),
    cacheRead: sum('cache_read_input_tokens'),
    cacheCreation: sum('cache_creation_input_tokens'),
    prompts: prompts.size,
    tools: tools.size,
  }
}

function linesIn(folder: string): readonly Line[] {
  return globSync('**/*.jsonl', { cwd: folder }).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Line),
  )
}

function resultsOf({ message: { content } }: Line): readonly string[] {
  return (typeof content === 'string' ? [] : content)
    .filter(({ type }) => type === 'tool_result')
    .map(({ tool_use_id: id }) => id ?? '')
}

function isTyped(line: Line): boolean {
  const ofAgent = [line.isMeta, line.isCompactSummary, line.isSidechain].includes(true)
  const said = JSON.stringify(line.message.content)
  return !ofAgent && resultsOf(line).length === 0 && !said.includes('<local-command-stdout>')
}
