/** Raw API bodies: what was sent waits for its answer, and both for their call. */
import type { RequestBodyEvent, ResponseBodyEvent } from '../../domain/agent-event.ts'
import { newMessages } from '../content.ts'
import { shownAnswer, shownMessages } from './chat.ts'
import type { Draft } from '../draft.ts'
import { noteJoin } from '../held.ts'
import { take } from '../pending-correlations.ts'
import { joinCall } from './model-call.ts'

export function onRequestBody(draft: Draft, event: RequestBodyEvent): void {
  draft.state.bodied = true
  const messages = shownMessages(newMessages(event.messages), draft.policy.maxContentLength)
  noteJoin(draft, 'requestBodies', event.bodyId, messages)
}

export function onResponseBody(draft: Draft, event: ResponseBodyEvent): void {
  const { state } = draft
  state.bodied = true
  noteJoin(draft, 'bodies', event.requestId, {
    input: take(state.joins.requestBodies, event.bodyId),
    output: shownAnswer(event.message, draft.policy.maxContentLength),
  })
  joinCall(draft, event.requestId)
}
