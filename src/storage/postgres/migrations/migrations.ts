/**
 * Every migration by its name, in the order of the names. Once released, one is never changed
 * and never taken out: databases remember which of them they have.
 *
 * Replicas are replaced one by one, so programs of the version before go on over the new schema, and may be
 * started over it. A migration therefore adds: tables, indexes, columns that may be null or have a default.
 * What nobody uses any more is taken out in a later version, once no program that uses it can still run.
 * A migration that programs without it cannot work over is named in `breaking`: it waits until none runs,
 * and such programs refuse the database from then on.
 */
import type { Migration } from 'kysely/migration'
import { initial } from './0001-initial.ts'
import { instance } from './0002-instance.ts'
import { transcriptRanks } from './0003-transcript-ranks.ts'
import { rollingUpgrades } from './0004-rolling-upgrades.ts'
import { foldersAsProjects } from './0005-folders-as-projects.ts'
import { sharedQuotas } from './0006-shared-quotas.ts'
import { workSegments } from './0008-work-segments.ts'
import { managedBudgets } from './0010-managed-budgets.ts'
import { planWindows } from './0011-plan-windows.ts'
import { search } from './0012-search.ts'
import { spanTraces } from './0013-span-traces.ts'

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-instance': instance,
  '0003-transcript-ranks': transcriptRanks,
  '0004-rolling-upgrades': rollingUpgrades,
  '0005-folders-as-projects': foldersAsProjects,
  '0006-shared-quotas': sharedQuotas,
  '0008-work-segments': workSegments,
  '0010-managed-budgets': managedBudgets,
  '0011-plan-windows': planWindows,
  '0012-search': search,
  '0013-span-traces': spanTraces,
}

export const breaking: readonly string[] = []

/** What a program of this version knows; names are in order. */
export const newestMigration: string = Object.keys(migrations).at(-1) ?? ''
