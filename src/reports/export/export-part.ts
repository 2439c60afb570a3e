/**
 * One session as a file for others, part by part: a part ends behind a turn, once it is long enough. What the
 * file leaves out stands at its beginning.
 */
import { ok, type Result } from '../../domain/result.ts'
import type { ExportFormat, ExportPart, ExportQuery } from '../../api/contract/session-export.ts'
import type { BadCursor } from '../../api/queries.ts'
import { sessionPage, type SessionPageDeps } from '../session-page.ts'
import { outlineOf } from '../session-outline.ts'
import { headOf, turnOf } from './export-content.ts'
import { htmlRenderer } from './html.ts'
import { markdownRenderer } from './markdown.ts'
import type { Renderer } from './renderer.ts'
import { createSharedText, type ExportMasking } from './shared-text.ts'

/** Of a prompt or an answer. Characters. */
const MAX_TEXT_LENGTH = 10_000
/** Characters after which a part ends behind the turn that it is at. */
const PART_LENGTH = 500_000

const renderers: Readonly<Record<ExportFormat, Renderer>> = {
  html: htmlRenderer,
  markdown: markdownRenderer,
}

export interface ExportDeps extends SessionPageDeps {
  readonly masking: ExportMasking
}

/**
 * The part behind a cursor, the first without one; undefined when there is no such session. `cursor` is the
 * number of the last turn of the part before.
 */
export async function exportPart(
  deps: ExportDeps,
  key: string,
  { format, anonymous, cursor }: ExportQuery & { readonly cursor: string | undefined },
): Promise<Result<ExportPart, BadCursor> | undefined> {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) return { ok: false, error: 'bad_cursor' }
  const row = await deps.reader.details.find(key)
  const session = cursor === undefined ? await sessionPage(deps, key) : undefined
  if (row === undefined || (cursor === undefined && session === undefined)) return undefined
  const shared = createSharedText(deps.masking, anonymous, row.userId ?? null)
  const outline = await outlineOf(
    { ...deps, maxContentLength: deps.policy.maxContentLength },
    key,
    {
      name: shared.name,
      mask: (text) => shared.mask(text),
      maxTextLength: MAX_TEXT_LENGTH,
    },
  )
  const renderer = renderers[format]
  const nothing = { turns: [], omittedTurns: 0, files: [], omittedFiles: 0, traceIds: new Map() }
  let text =
    session === undefined
      ? ''
      : renderer.begin(headOf(session, outline ?? nothing, shared, anonymous))
  // What came late to a turn that is forgotten has no number, and stands first.
  const after = cursor === undefined ? -1 : Number(cursor)
  let last = after
  for (const each of outline?.turns ?? []) {
    if (each.head.ordinal <= after) continue
    if (text.length >= PART_LENGTH && each.head.ordinal > last) {
      return ok({ text, nextCursor: String(last) })
    }
    text += renderer.turn(turnOf(each, shared))
    last = each.head.ordinal
    await deps.pause()
  }
  return ok({ text: text + renderer.end(), nextCursor: null })
}
