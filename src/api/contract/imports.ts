/** Imports of transcripts that a running bridge does. */
import { z } from 'zod'
import { count } from './quantities.ts'

export const importBody = z
  .object({
    paths: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .max(10_000)
      .meta({ description: 'absolute paths of files and folders on the machine of the bridge' }),
    sinceMs: z
      .number()
      .optional()
      .meta({ description: 'only files last written to since, epoch ms' }),
    project: z.string().optional().meta({ description: 'only work in a folder of this name' }),
    content: z.enum(['keep', 'drop']).default('keep'),
    isExported: z.boolean().default(false).meta({ description: 'goes to exporters, too' }),
    isDryRun: z.boolean().default(false).meta({ description: 'nothing is stored' }),
    again: z.boolean().default(false).meta({ description: 'files from their beginning' }),
  })
  .meta({ id: 'Import' })
export type ImportBody = z.infer<typeof importBody>

export const importCounts = z
  .object({
    files: count.meta({ description: 'files with something new' }),
    knownFiles: count.meta({ description: 'files that were read before' }),
    skippedFiles: z
      .object({
        empty: count,
        older: count.meta({ description: 'last written to before sinceMs' }),
        otherProjects: count,
        unrecognised: count.meta({ description: 'of no agent that is known here' }),
      })
      .meta({ description: 'files that were found and not read' }),
    bytes: count,
    sessions: count,
    prompts: count.meta({ description: 'in what was read, known ones included; so the next two' }),
    calls: count,
    tools: count,
    damagedLines: count,
    damagedFiles: z.array(z.string()).meta({ description: 'the first of them, each with where' }),
    refused: count.meta({ description: 'entries that were not taken' }),
    refusals: z.array(z.string()),
    unreadable: z.array(z.string()).meta({ description: 'paths, each with why' }),
    leftOut: z
      .array(z.string())
      .meta({ description: 'the first files in folders that may be transcripts, each with why' }),
  })
  .meta({ id: 'ImportCounts' })
export type ImportCounts = z.infer<typeof importCounts>

export const importProgress = z.object({
  bytes: count,
  totalBytes: count,
  files: count,
  totalFiles: count,
})
export type ImportProgress = z.infer<typeof importProgress>

export const importStarted = z.object({ id: z.string() }).meta({ id: 'ImportStarted' })

export const importState = z
  .object({
    state: z.enum(['running', 'done', 'failed']),
    progress: importProgress,
    counts: importCounts.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'ImportState' })
export type ImportState = z.infer<typeof importState>
