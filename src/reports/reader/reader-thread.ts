/**
 * The thread that reads: answers the page's questions over a connection of its own, so that reading,
 * folding and writing JSON take nothing from intake. Started by `reader-worker.ts`. Requests run side
 * by side in slices; a large one does not hold up the others.
 */
import { platform, setPriority } from 'node:os'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createTicketReader } from '../../domain/ticket.ts'
import { userRuleOf } from '../../processors/redact/user-rules.ts'
import { createPriceTable } from '../../prices/price-table.ts'
import { createBudgetStates } from '../budget-state.ts'
import { createSpendingMemo } from '../spending-memo.ts'
import { createStatusFigures } from '../status-figures.ts'
import { createLangfuseLinks, noLinks } from '../langfuse-links.ts'
import { createReports } from '../reports.ts'
import { createSessionFolds } from '../session-folds.ts'
import { createUsageSlices, REMEMBERED_OF_REPLICA_MS } from '../usage-slices.ts'
import { visibleReader } from '../visible-reader.ts'
import { createWasteMemo } from '../waste/waste-in-range.ts'
import { explainUse, openReader } from '../../storage/beside.ts'
import { answerTo, liveChunk } from '../../api/answers.ts'
import { databaseAway, tookTooLong } from '../../api/failure.ts'
import type { StoreQueries } from '../../api/queries.ts'
import { isIntakeBusy } from './intake-mark.ts'
import type { Changes, FromThread, Reply, Request, ThreadData, ToThread } from './messages.ts'
import { createPacing } from './pacing.ts'

/**
 * Of 19, the lowest: where intake wants the processor, it gets nine tenths of it. On Linux this is of
 * the thread alone (setpriority(2), "C library/kernel differences"), elsewhere of all threads.
 */
const NICENESS = 10

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')
const { dataDir, database, ownPrices, budgets, langfuseUrl, intakeMemory, ...settings } =
  workerData as ThreadData
const ticketOf = createTicketReader(settings.ticketPattern)
const masking = {
  mode: settings.masking.mode,
  userRules: settings.masking.userRules.map(({ name, source }) => userRuleOf(name, source)),
}
const policy = { ...settings.policy, priceOf: createPriceTable(ownPrices) }

if (platform() === 'linux') setPriority(NICENESS)
const opened = await openReader({ dataDir, database }, (message) => {
  post({ kind: 'warning', message })
})
if (!opened.ok) throw new Error(opened.error)
const reader = opened.value

const pacing = createPacing({
  isIntakeBusy: () => isIntakeBusy({ memory: intakeMemory, now: Date.now }),
  now: () => performance.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
})
let nowMs = 0
const now = () => nowMs
const slices = createUsageSlices({
  usage: reader.usage,
  now,
  ...(database?.readUrl !== undefined && { rememberedForMs: REMEMBERED_OF_REPLICA_MS }),
})
const memo = createSpendingMemo()
const wasteMemo = createWasteMemo()
const folds = createSessionFolds({ reader, policy })
let toldProject: ((projectId: string | undefined) => void) | undefined
const links =
  langfuseUrl === undefined
    ? noLinks
    : createLangfuseLinks({ baseUrl: langfuseUrl, readProjectId: askForProject, now })
const running = new Map<number, AbortController>()

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

function askForProject(): Promise<string | undefined> {
  return new Promise((resolve) => {
    toldProject = resolve
    post({ kind: 'project' })
  })
}

async function answer({ id, request, timeoutMs }: ToThread & { kind: 'request' }): Promise<void> {
  const cancelled = new AbortController()
  running.set(id, cancelled)
  const signal = AbortSignal.any([cancelled.signal, AbortSignal.timeout(timeoutMs)])
  const reply = await replyTo(request, signal).catch((error: unknown) => failed(error, signal))
  running.delete(id)
  post({ kind: 'reply', id, reply }, buffersOf(reply))
}

/** What is handed over instead of being copied. */
function buffersOf(reply: Reply): ArrayBuffer[] {
  const bytes =
    reply.kind === 'json' ? reply.bytes : reply.kind === 'live' ? reply.chunk.bytes : undefined
  return bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : []
}

async function replyTo(request: Request, signal: AbortSignal): Promise<Reply> {
  // What is new is asked for a few times a second at most, and is small: a page that follows does
  // not stand still.
  // Neither does a status line.
  const isUrgent = request.kind === 'live' || request.question.name === 'statusLine'
  if (!isUrgent) await pacing.rest(0, signal)
  let begunMs = performance.now()
  const pause = async (): Promise<void> => {
    const workedMs = performance.now() - begunMs
    await setImmediate(undefined, { signal })
    await pacing.rest(workedMs, signal)
    begunMs = performance.now()
  }
  const { visible } = request
  const reports = createReports({
    ...{ reader, policy, now, links, slices, folds, pause, visible, wasteMemo, masking },
    ticketOf,
  })
  const spending = {
    reader: visibleReader(reader, visible),
    timeZone: budgets.timeZone,
    fixed: budgets.fixed,
    visible,
    now,
    memo,
  }
  const budgetStates = createBudgetStates(spending)
  const statusLine = createStatusFigures(spending)
  try {
    return await answerWith({ ...reports, budgets: budgetStates, statusLine }, request)
  } finally {
    pacing.worked(performance.now() - begunMs)
  }
}

async function answerWith(queries: StoreQueries, request: Request): Promise<Reply> {
  if (request.kind === 'live') {
    return { kind: 'live', chunk: await liveChunk(queries.live, request.asked) }
  }
  const json = await answerTo(queries, request.question)
  if (!json.ok) return { kind: 'failure', failure: json.error }
  return { kind: 'json', bytes: new TextEncoder().encode(json.value) }
}

/** Why there is no answer. What was read for it so far is kept, so asking again goes on there. */
async function failed(error: unknown, signal: AbortSignal): Promise<Reply> {
  if (signal.aborted) return { kind: 'failure', failure: tookTooLong }
  const outage = database && (await explainUse(error, { dataDir, database }))
  if (outage !== undefined) {
    post({ kind: 'warning', message: `page request failed: ${outage}` })
    return { kind: 'failure', failure: databaseAway }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: 'bug', message }
}

function forget({ bucketsMs, regrouped, isCleared }: Changes): void {
  if (isCleared) {
    slices.clear()
    memo.clear()
    wasteMemo.clear()
  }
  if (regrouped !== undefined) {
    slices.regrouped(regrouped)
    memo.regrouped(regrouped)
  }
  memo.changed(bucketsMs)
  slices.changed(bucketsMs.map((bucketMs) => ({ bucketMs })))
}

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'request':
      nowMs = Math.max(nowMs, message.nowMs)
      forget(message.changes)
      void answer(message)
      break
    case 'cancel':
      running.get(message.id)?.abort()
      break
    case 'project':
      toldProject?.(message.projectId)
      break
    case 'close':
      void reader.close()
      port.close()
      break
  }
})
