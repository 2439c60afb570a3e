/**
 * Every migration by its name, in the order of the names. Once released, one is never changed
 * and never taken out: databases remember which of them they have.
 */
import type { Migration } from 'kysely/migration'
import { initial } from './0001-initial.ts'
import { instance } from './0002-instance.ts'
import { transcriptRanks } from './0003-transcript-ranks.ts'

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-instance': instance,
  '0003-transcript-ranks': transcriptRanks,
}
