/** Raw API bodies: what was sent waits for its answer, and both for their call. */
import type { RequestBodyEvent, ResponseBodyEvent } from '../domain/agent-event.ts'
import type { Shown } from '../domain/shown.ts'
import { cut } from './content.ts'
import type { Draft } from './draft.ts'
import { note, take } from './ledger.ts'
import { joinCall } from './model-call.ts'

export function onRequestBody(draft: Draft, event: RequestBodyEvent): void {
  draft.state.bodied = true
  note(draft.state.joins.requestBodies, event.bodyId, bounded(draft, event.messages))
}

export function onResponseBody(draft: Draft, event: ResponseBodyEvent): void {
  const { state } = draft
  state.bodied = true
  note(state.joins.bodies, event.requestId, {
    input: take(state.joins.requestBodies, event.bodyId),
    output: bounded(draft, event.message),
  })
  joinCall(draft, event.requestId)
}

/** A structure that is too long is shown as the beginning of its JSON text. */
function bounded({ policy }: Draft, value: Shown): Shown {
  if (typeof value === 'string') return cut(value, policy.maxContentLength)
  const text = JSON.stringify(value)
  return text.length <= policy.maxContentLength ? value : cut(text, policy.maxContentLength)
}
