/** What commands change or list of stored data, and close after: the ports of `beside.ts`. */
import type { SessionKey } from '../domain/identity.ts'
import type { AuditLog, KeyStore } from '../domain/key-store.ts'
import type { BudgetStore } from '../domain/managed-budget.ts'
import type { DeadItems } from '../domain/outbox.ts'
import type { QuarantineStore } from '../domain/quarantine.ts'
import type { ScrubReader } from '../domain/scrub-store.ts'
import type { ScrubAccess } from './store.ts'

interface Closable {
  close(): Promise<void>
}

export type OpenDeadItems = DeadItems & Closable
export type OpenScrubReader = ScrubReader & Closable
export type OpenQuarantine = Pick<QuarantineStore, 'list'> &
  Closable & {
    /** How many there are. */
    count(): Promise<number>
  }

/** Changes to stored data while no bridge runs: none can begin until it is closed. */
export interface Maintenance extends Closable {
  /** Deletes a session with every row of it. Resolves to its records; undefined when there is none. */
  removeSession(key: SessionKey): Promise<number | undefined>
  readonly deadItems: DeadItems
  readonly keys: KeyStore
  readonly budgets: BudgetStore
  readonly audit: AuditLog
  /** What it takes to mask what is stored; states are written in this version. */
  scrub(stateVersion: number): ScrubAccess
}

export interface MaintenanceOptions {
  readonly migrates?: boolean
}

export interface MaintenanceProblem {
  /** `in_use`: a bridge runs, and has to be asked itself. */
  readonly reason: 'in_use' | 'unusable'
  readonly message: string
}
