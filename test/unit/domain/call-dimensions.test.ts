/** Which calls are beside a conversation, by the query sources that recordings and facts have. */
import { expect, test } from 'vitest'
import { isSideCall, isSubagentCall } from '../../../src/domain/call-dimensions.ts'

test.each([
  // As recorded: of a conversation, and of subagents, whatever these are called.
  [undefined, false, false],
  ['', false, false],
  ['main', false, false],
  ['sdk', false, false],
  ['repl_main_thread', false, false],
  ['subagent', false, true],
  ['agent:builtin:general-purpose', false, true],
  ['agent:custom:title-summarizer', false, true],
  // Metrics call all others by one name.
  ['auxiliary', true, false],
  ['compact', true, false],
  ['generate_session_title', true, false],
  ['quota', true, false],
  ['utility_compressor', true, false],
])('%s', (querySource, isSide, isOfSubagent) => {
  expect([isSideCall(querySource), isSubagentCall(querySource)]).toEqual([isSide, isOfSubagent])
})
