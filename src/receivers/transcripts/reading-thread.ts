/**
 * The thread that reads transcripts: from files to records, which its owner stores. Started by
 * `threaded-importer.ts`.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Rejection } from '../../domain/rejection.ts'
import type { TranscriptPosition } from '../../domain/transcript-files.ts'
import type { TranscriptRank } from '../../domain/transcript-rank.ts'
import { createSystemClock } from '../../observability/clock.ts'
import { maskAttributes, maskEntries } from '../../processors/redact/entry.ts'
import { createRecordMasker } from '../../processors/redact/record-masker.ts'
import { userRuleOf } from '../../processors/redact/user-rules.ts'
import { createTranscriptImporter } from './importer.ts'
import type { FromThread, ReadingSettings, ToThread } from './importer-messages.ts'
import { transcriptSources } from './sources.ts'

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')
const { userRules, batchRecords, ...settings } = workerData as ReadingSettings
const masker = createRecordMasker({
  ...settings,
  userRules: userRules.map(({ name, source }) => userRuleOf(name, source)),
})

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const waiting = new Map<number, Waiting>()
const runs = new Map<number, AbortController>()
let asked = 0

function say(message: FromThread): void {
  port?.postMessage(message)
}

function ask(message: (id: number) => FromThread): Promise<unknown> {
  asked += 1
  const id = asked
  const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
  say(message(id))
  return answer
}

const importer = createTranscriptImporter({
  accept: async (read) => {
    const masked = { records: maskEntries(masker, read), maskedBy: masker.fingerprint }
    return (await ask((id) => ({ kind: 'accept', id, ...masked }))) as readonly Rejection[]
  },
  redact: (attributes) => maskAttributes(masker, attributes),
  positions: {
    get: async (path) =>
      (await ask((id) => ({ kind: 'get', id, path }))) as TranscriptPosition | undefined,
    put: async (positions) => void (await ask((id) => ({ kind: 'put', id, positions }))),
    ranks: async (sessions) =>
      (await ask((id) => ({ kind: 'ranks', id, sessions }))) as readonly (
        | TranscriptRank
        | undefined
      )[],
    rank: async (sessions) => void (await ask((id) => ({ kind: 'rank', id, sessions }))),
    toldBy: async (session, lines) =>
      (await ask((id) => ({ kind: 'toldBy', id, session, lines }))) as readonly (
        | string
        | undefined
      )[],
  },
  sources: transcriptSources,
  clock: createSystemClock(),
  batchRecords,
})

async function run({ run: id, request }: Extract<ToThread, { readonly kind: 'run' }>) {
  const aborting = new AbortController()
  runs.set(id, aborting)
  try {
    const done = await importer.run(
      request,
      (progress) => say({ kind: 'progress', run: id, progress }),
      aborting.signal,
    )
    if (done.ok) say({ kind: 'done', run: id, counts: done.value })
    else say({ kind: 'ended', run: id, error: done.error })
  } catch (error) {
    say({ kind: 'ended', run: id, error: error instanceof Error ? error.message : String(error) })
  } finally {
    runs.delete(id)
  }
}

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'run':
      void run(message)
      return
    case 'abort':
      runs.get(message.run)?.abort()
      return
    case 'answer':
      waiting.get(message.id)?.resolve(message.value)
      waiting.delete(message.id)
      return
    case 'failed':
      waiting.get(message.id)?.reject(new Error(message.message))
      waiting.delete(message.id)
      return
    case 'close':
      for (const aborting of runs.values()) aborting.abort()
      port.close()
  }
})
