/**
 * Whether a budget stands in the way of an agent's next step, answered from memory: what was spent is
 * asked of the ledger, overrides are read with it.
 *
 * It errs on the user's side. What is not known stops nobody: a session that no commit has told of
 * yet, a user or a team that no record of the session has named, sums that could not be read.
 */
import {
  type BrakeStore,
  type BudgetAction,
  type BudgetOverride,
  endedBy,
  isOverridden,
  liftedBy,
  refusalText,
  type ToldModel,
  toldUsd,
} from '../domain/budget-brake.ts'
import type { BrakedStep, BudgetRefusal } from '../domain/budget-refusal.ts'
import type { Clock } from '../domain/clock.ts'
import { roundUsd } from '../domain/exact-sum.ts'
import { agentOfKey, type SessionKey } from '../domain/identity.ts'
import type {
  BudgetCalendar,
  BudgetWindow,
  HeldSubject,
  WindowSpan,
} from '../domain/budget-subject.ts'
import {
  heldSubject,
  isFor,
  type KnownBudget,
  type Spender,
  spenderOf,
  type SpendingKind,
  spendingKind,
  windowAt,
} from '../domain/managed-budget.ts'
import { ok, type Result } from '../domain/result.ts'
import type { SpendingLedger, Spent } from './spending-ledger.ts'

export interface BudgetBrake {
  /** Reads the overrides that are in force. */
  reload(): Promise<void>
  /** Why this step of a session may not be taken. Asks nothing but memory. */
  refusal(sessionKey: SessionKey, step: BrakedStep): BudgetRefusal | undefined
  /** A hook named the model that the session's main agent is set to. */
  told(sessionKey: SessionKey, model: ToldModel): void
  /** Stores an override, which is in force when this resolves; the error says why it would lift nothing. */
  override(override: BudgetOverride): Promise<Result<BudgetOverride, string>>
  /** Ends overrides of exactly that, or all, at once; resolves to how many were in force. */
  endOverrides(which: Parameters<BrakeStore['endOverrides']>[0]): Promise<number>
  /** Those that are in force, the oldest first. */
  overrides(): readonly BudgetOverride[]
}

export interface BudgetBrakeDeps {
  readonly action: BudgetAction
  readonly budgets: () => readonly KnownBudget[]
  /** Who can raise a budget, for the person who is refused. */
  readonly contact: string
  readonly calendar: BudgetCalendar
  readonly ledger: Pick<SpendingLedger, 'spentIn' | 'session' | 'sessions' | 'told'>
  readonly store: Pick<BrakeStore, 'overrides' | 'addOverride' | 'endOverrides'>
  readonly clock: Clock
}

interface Held {
  readonly subject: HeldSubject
  readonly spentUsd: number
}

export function createBudgetBrake(deps: BudgetBrakeDeps): BudgetBrake {
  const { action, budgets, contact, calendar, ledger, store, clock } = deps
  let lifted: readonly BudgetOverride[] = []

  /**
   * What a session has spent of a budget; undefined where it is not for it, or that is not known. One for
   * each step: however many budgets ask for the same sum, it is added up once.
   */
  function holderOf(
    sessionKey: SessionKey,
    nowMs: number,
  ): (budget: KnownBudget) => Held | undefined {
    const session = ledger.session(sessionKey)
    const ofSession = session && toldUsd(session)
    const windows = new Map<BudgetWindow, WindowSpan | undefined>()
    const sums = new Map<string, Spent | undefined>()

    function windowOf(window: BudgetWindow): WindowSpan | undefined {
      if (!windows.has(window)) windows.set(window, windowAt(window, nowMs, calendar))
      return windows.get(window)
    }

    // A session has one subject of a kind.
    function spentIn(kind: SpendingKind, budget: KnownBudget, subject: string, span: WindowSpan) {
      const sum = `${kind} ${budget.window}`
      if (!sums.has(sum)) sums.set(sum, ledger.spentIn(kind, subject, span))
      const spent = sums.get(sum)
      return spent && toldUsd(spent)
    }

    return (budget) => {
      const kind = spendingKind(budget)
      const who = session ?? NOBODY
      const subject = kind === 'agent' ? agentOfKey(sessionKey) : spenderOf(kind, who)
      if (subject === undefined || !isFor(budget, subject)) return undefined
      const span = windowOf(budget.window)
      const spentUsd = span === undefined ? ofSession : spentIn(kind, budget, subject, span)
      if (spentUsd === undefined) return undefined
      const held = span === undefined ? sessionKey : subject
      return { subject: heldSubject(budget, held, span?.date ?? ''), spentUsd }
    }
  }

  return {
    reload: async () => {
      lifted = await store.overrides(clock.now())
    },
    refusal: (sessionKey, step) => {
      if (action === 'tell' || (action === 'stop' && step === 'tool')) return undefined
      const nowMs = clock.now()
      const held = holderOf(sessionKey, nowMs)
      for (const budget of budgets()) {
        const { limitUsd } = budget
        const found = held(budget)
        if (found === undefined || !isSpent(found.spentUsd, limitUsd)) continue
        const { subject, spentUsd } = found
        if (isOverridden(subject, lifted, nowMs)) continue
        const reason = refusalText({ ...subject, limitUsd, spentUsd }, contact)
        return { ...subject, step, limitUsd, spentUsd, reason }
      }
      return undefined
    },
    told: (sessionKey, model) => ledger.told(sessionKey, model),
    override: async (asked) => {
      const found = liftedBy(asked, budgets(), ledger.sessions())
      if (!found.ok) return found
      const override = { ...asked, ...found.value }
      await store.addOverride(override)
      lifted = [...lifted, override]
      return ok(override)
    },
    endOverrides: async (which) => {
      const nowMs = clock.now()
      const asked = which === 'all' ? which : endedBy(which, lifted)
      const ended = await store.endOverrides(asked, nowMs)
      lifted = await store.overrides(nowMs)
      return ended
    },
    overrides: () => {
      const nowMs = clock.now()
      return lifted.filter(({ untilMs }) => untilMs > nowMs)
    },
  }
}

/** Where nothing was spent, no limit is reached, as small as it may be: earlier versions stored any. */
function isSpent(spentUsd: number, limitUsd: number): boolean {
  const spent = roundUsd(spentUsd)
  return spent > 0 && spent >= roundUsd(limitUsd)
}

/** A session that nothing is known of yet: budgets of all and of its agent alone are for it. */
const NOBODY: Spender = { agent: '' }
