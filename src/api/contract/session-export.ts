/** `GET /api/sessions/:key/export`: one session as a file that can be shown to others. */
import { z } from 'zod'

export const EXPORT_FORMATS = ['html', 'markdown'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const exportQuery = z.object({
  format: z.enum(EXPORT_FORMATS).default('html'),
  anonymous: z
    .stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })
    .default(false)
    .meta({
      description:
        'leaves out the user, the team and addresses, masks e-mail addresses and account ids, and cuts home folders from paths',
    }),
})
export type ExportQuery = z.output<typeof exportQuery>

/** A part of the file, as the store tells it; the parts one after the other are the file. */
export const exportPart = z.object({
  text: z.string(),
  /** Null at the end of the file. */
  nextCursor: z.string().nullable(),
})
export type ExportPart = z.infer<typeof exportPart>
