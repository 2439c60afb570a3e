/**
 * Every migration by its name, in the order of the names. Once released, one is never changed
 * and never taken out: databases remember which of them they have.
 */
import type { Migration } from 'kysely/migration'
import { initial } from './0001-initial.ts'
import { upkeep } from './0002-upkeep.ts'
import { usage } from './0003-usage.ts'
import { budgets } from './0004-budgets.ts'
import { controls } from './0005-controls.ts'
import { delivery } from './0006-delivery.ts'
import { emptySessions } from './0007-empty-sessions.ts'
import { exporters } from './0008-exporters.ts'
import { costs } from './0009-costs.ts'
import { quarantine } from './0010-quarantine.ts'
import { usageDimensions } from './0011-usage-dimensions.ts'
import { forwarded } from './0012-forwarded.ts'
import { dimensionKeys } from './0013-dimension-keys.ts'
import { transcripts } from './0014-transcripts.ts'
import { access } from './0015-access.ts'
import { budgetOverrides } from './0016-budget-overrides.ts'
import { transcriptRanks } from './0017-transcript-ranks.ts'
import { foldersAsProjects } from './0018-folders-as-projects.ts'
import { workSegments } from './0020-work-segments.ts'
import { toolsAndCommands } from './0021-tools-and-commands.ts'
import { managedBudgets } from './0022-managed-budgets.ts'
import { planWindows } from './0023-plan-windows.ts'
import { search } from './0024-search.ts'
import { spanTraces } from './0025-span-traces.ts'

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-upkeep': upkeep,
  '0003-usage': usage,
  '0004-budgets': budgets,
  '0005-controls': controls,
  '0006-delivery': delivery,
  '0007-empty-sessions': emptySessions,
  '0008-exporters': exporters,
  '0009-costs': costs,
  '0010-quarantine': quarantine,
  '0011-usage-dimensions': usageDimensions,
  '0012-forwarded': forwarded,
  '0013-dimension-keys': dimensionKeys,
  '0014-transcripts': transcripts,
  '0015-access': access,
  '0016-budget-overrides': budgetOverrides,
  '0017-transcript-ranks': transcriptRanks,
  '0018-folders-as-projects': foldersAsProjects,
  '0020-work-segments': workSegments,
  '0021-tools-and-commands': toolsAndCommands,
  '0022-managed-budgets': managedBudgets,
  '0023-plan-windows': planWindows,
  '0024-search': search,
  '0025-span-traces': spanTraces,
}
