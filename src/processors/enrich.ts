/**
 * Second stage: adds what a record only refers to, from files of this machine. Log records get the
 * API bodies they name, hooks get the labels of the folder their agent works in.
 */
import type { Rejection } from '../domain/rejection.ts'
import { type AttachBodies, bodyPathOf, type BodyFiles } from './enrich/body-files.ts'
import type { WorkspaceReader } from './enrich/workspace-reader.ts'
import type {
  HookInProcess,
  IngestRequest,
  NextProcessor,
  RecordBatch,
  RecordInProcess,
  RecordProcessor,
} from './record-processor.ts'

export interface EnrichDeps {
  readonly bodies: BodyFiles
  /** Absent when nothing is read from the folders of agents. */
  readonly workspaces?: WorkspaceReader | undefined
}

export function createEnrich({ bodies, workspaces }: EnrichDeps): RecordProcessor {
  /** What a request may have read is bounded over all of its batches. */
  const attachments = new WeakMap<IngestRequest, AttachBodies>()

  async function withBodies(
    { request, records }: RecordBatch,
    next: NextProcessor,
  ): Promise<readonly Rejection[]> {
    const attach = attachments.get(request) ?? bodies.forRequest(request.permit)
    attachments.set(request, attach)
    const rejected: Rejection[] = []
    // A batch counts as held until the next is asked for, so each is stored before that.
    for await (const part of attach(records)) {
      for (const rejection of await next({ request, records: part })) rejected.push(rejection)
    }
    return rejected
  }

  async function addLabels(hook: HookInProcess): Promise<void> {
    const folder = hook.profile?.hooks?.folder(hook.record.body)
    const labels = folder === undefined ? undefined : await workspaces?.labels(folder)
    if (labels !== undefined) hook.record = { ...hook.record, labels }
  }

  return {
    name: 'enrich',
    process: async (batch, next) => {
      if (batch.records.some(refersToBody)) return withBodies(batch, next)
      const hooks = batch.records.filter(isHook)
      if (hooks.length > 0) await Promise.all(hooks.map(addLabels))
      return next(batch)
    },
  }
}

function refersToBody(record: RecordInProcess): boolean {
  return record.signal === 'log' && bodyPathOf(record.record) !== undefined
}

function isHook(record: RecordInProcess): record is HookInProcess {
  return record.signal === 'hook'
}
