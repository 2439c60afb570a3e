/**
 * The budgets that `BUDGETS_FILE` defines, beside those of the settings. Read once, at the start; whatever
 * is wrong is said with its line and field.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  budgetOfText,
  OF_RULE,
  readBudgetOf,
  readBudgetWindow,
  WINDOW_RULE,
} from '../domain/budget-subject.ts'
import {
  type Budget,
  checkBudget,
  isBudgetName,
  type KnownBudget,
  MAX_BUDGETS,
  LIMIT_RULE,
  MAX_LIMIT_USD,
  MIN_LIMIT_USD,
  NAME_RULE,
  settingsBudgets,
} from '../domain/managed-budget.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { BudgetConfig } from './config.ts'
import { lineAt, lineOfPath } from './json-lines.ts'

const MAX_CHARS = 1_000_000

const budget = z.strictObject({
  name: z.string().refine(isBudgetName, `expected ${NAME_RULE}`),
  for: z
    .string()
    .refine((text) => readBudgetOf(text) !== undefined, `expected ${OF_RULE}`)
    .default('all'),
  window: z
    .string()
    .refine((text) => readBudgetWindow(text) !== undefined, `expected ${WINDOW_RULE}`),
  limitUsd: z
    .number('expected a number of US dollars')
    .min(MIN_LIMIT_USD, `expected ${LIMIT_RULE}`)
    .max(MAX_LIMIT_USD, `expected ${LIMIT_RULE}`),
})
const document = z.strictObject({
  budgets: z.array(budget).max(MAX_BUDGETS, `expected at most ${MAX_BUDGETS} budgets`),
})

/** The budgets of the settings and of the file. The error is a sentence for a person. */
export function readFixedBudgets({
  limits,
  file,
}: Pick<BudgetConfig, 'limits' | 'file'>): Result<readonly KnownBudget[], string> {
  const ofSettings = settingsBudgets(limits)
  if (file === undefined) return ok(ofSettings)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return err(`BUDGETS_FILE ${file} cannot be read: ${message}`)
  }
  const parsed = parseBudgets(text)
  if (!parsed.ok) return err(`BUDGETS_FILE ${file}: ${parsed.error}`)
  return ok([...ofSettings, ...parsed.value.map((each) => ({ ...each, source: 'file' }) as const)])
}

/** The budgets of a file's text. The error begins with the line. */
export function parseBudgets(text: string): Result<readonly Budget[], string> {
  if (text.length > MAX_CHARS) return err(`it has more than ${MAX_CHARS} characters`)
  const plain = text.replace(/^\uFEFF/, '')
  let value: unknown
  try {
    value = JSON.parse(plain)
  } catch (error) {
    return err(`line ${syntaxLine(plain, error)}: it is not JSON`)
  }
  const parsed = document.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return err(problemAt(plain, pathOf(issue), issue?.message ?? 'it is wrong'))
  }
  const budgets: Budget[] = []
  for (const [index, each] of parsed.data.budgets.entries()) {
    const { name, for: subject, window, limitUsd } = each
    if (budgets.some((other) => other.name === name)) {
      return err(problemAt(plain, ['budgets', index, 'name'], `there is another budget ${name}`))
    }
    const of = readBudgetOf(subject)
    const read = readBudgetWindow(window)
    // The schema lets through only what can be read.
    if (of === undefined || read === undefined) continue
    const checked = checkBudget({ name, ...of, window: read, limitUsd })
    if (!checked.ok) return err(problemAt(plain, ['budgets', index], checked.error))
    budgets.push(checked.value)
  }
  return ok(budgets)
}

/** Of a member that should not be there, its own place. */
function pathOf(issue: z.core.$ZodIssue | undefined): readonly PropertyKey[] {
  if (issue?.code !== 'unrecognized_keys') return issue?.path ?? []
  return [...issue.path, ...issue.keys.slice(0, 1)]
}

function problemAt(text: string, path: readonly PropertyKey[], message: string): string {
  const where = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
  const line = `line ${lineOfPath(text, path)}: `
  return where === '' ? `${line}${message}` : `${line}${where}: ${message}`
}

/** V8 says where it stopped; where it does not, the text ended too early. */
function syntaxLine(text: string, error: unknown): number {
  const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
  return lineAt(text, position === undefined ? text.length : Number(position))
}

/** A budget as it stands in the file. */
export function fileEntryOf({ name, of, subject, window, limitUsd }: Budget) {
  return { name, for: budgetOfText({ of, subject }), window, limitUsd }
}
