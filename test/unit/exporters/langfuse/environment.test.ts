import { expect, it } from 'vitest'
import { environmentName } from '../../../../src/exporters/langfuse/mapping.ts'

it.each([
  ['as it is', ['staging'], 'staging'],
  ['lower case', ['Production'], 'production'],
  ['other characters', ['Prod (EU) / Ü'], 'prod-eu'],
  ['underscores and digits', ['dev_2-b'], 'dev_2-b'],
  ['40 characters', ['a'.repeat(50)], 'a'.repeat(40)],
  ['no dash left at the cut', [`${'a'.repeat(39)} b`], 'a'.repeat(39)],
  ['not langfuse', ['Langfuse-internal'], 'default'],
  ['nothing usable', ['  '], 'default'],
  ['nothing', [undefined], 'default'],
  ['the fallback', [undefined, 'Team A'], 'team-a'],
  ['the fallback for an unusable one', ['langfuse', 'team'], 'team'],
  ['the first that is usable', ['one', 'two'], 'one'],
])('%s', (_what, candidates, expected) => {
  expect(environmentName(...candidates)).toBe(expected)
})
