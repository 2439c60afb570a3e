/** Imports through the API of a bridge, and what it lists then. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImportBody, ImportCounts, ImportState } from '../../../src/api/contract/imports.ts'
import type { SessionList, SessionRow } from '../../../src/api/contract/session-list.ts'

export type { SessionRow }

/** Resolves once everything is stored. */
export async function importInto(
  url: string,
  paths: readonly string[],
  more: Partial<ImportBody> = {},
): Promise<ImportCounts> {
  const started = await fetch(`${url}/api/imports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths, ...more }),
  })
  const { id } = (await started.json()) as { id: string }
  for (;;) {
    const answer = await fetch(`${url}/api/imports/${id}`)
    const { counts, error } = (await answer.json()) as ImportState
    if (error !== null) throw new Error(error)
    if (counts !== null) return counts
  }
}

export async function sessionsOf(url: string): Promise<readonly SessionRow[]> {
  const answer = await fetch(`${url}/api/sessions?limit=200`)
  return ((await answer.json()) as SessionList).sessions
}

/** Posts the recorded requests of a folder, in order, each as `change` makes it; none where that is empty. */
export async function postTelemetry(
  url: string,
  folder: string,
  change: (text: string, file: string) => string = (text) => text,
): Promise<void> {
  const files = readdirSync(folder).filter((file) => /-(logs|metrics|traces)\.json$/.test(file))
  for (const file of files.toSorted()) {
    const signal = /-(\w+)\.json$/.exec(file)?.[1] ?? ''
    const body = change(readFileSync(join(folder, file), 'utf8'), file)
    if (body === '') continue
    const answer = await fetch(`${url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (answer.status !== 200) throw new Error(`${file}: HTTP ${answer.status}`)
  }
}

/** Takes attributes out of a request, wherever they stand. */
export function withoutAttributes(...names: readonly string[]): (text: string) => string {
  const isKept = (value: unknown): boolean => {
    const key = (value as { key?: unknown } | null)?.key
    return typeof key !== 'string' || !names.includes(key)
  }
  return (text) =>
    JSON.stringify(
      JSON.parse(text, (_, value: unknown) =>
        Array.isArray(value) ? value.filter(isKept) : value,
      ),
    )
}
