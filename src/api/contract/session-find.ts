/** `GET /api/sessions/:key/find`: where a text stands in all turns of a session. */
import { z } from 'zod'
import { count } from './quantities.ts'

export const findQuery = z.object({
  q: z.string().trim().min(1).max(200).meta({ description: 'the text; capitals do not matter' }),
})
export type FindQuery = z.output<typeof findQuery>

export const sessionMatch = z
  .object({
    /** Key of the turn. */
    turn: z.string(),
    ordinal: count,
    /** Id of the item that has the text; null for the turn's prompt and answer. */
    item: z.string().nullable(),
    where: z.enum(['prompt', 'answer', 'name', 'message', 'input', 'output']),
    /** What stands around it, in one line of at most 120 characters. */
    excerpt: z.string(),
  })
  .meta({ id: 'SessionMatch' })
export type SessionMatch = z.infer<typeof sessionMatch>

export const findAnswer = z
  .object({
    /** In order of the turns, at most 500; a prompt, an answer or an item is one match however often it has the text. */
    matches: z.array(sessionMatch),
    /** How many there are beside these. */
    omitted: count,
  })
  .meta({ id: 'SessionMatches' })
export type FindAnswer = z.infer<typeof findAnswer>
