/** What a tip says: what was seen, its numbers, and what to try. */
import { expect, test } from 'vitest'
import type { Tip } from '../../../src/reports/tips.ts'
import { tipText } from '../../../src/cli/tip-text.ts'

test.each<[Tip, RegExp]>([
  [
    { kind: 'cold_cache', times: 14, tokens: 2_100_000, usd: 7.9 },
    /cold 14 times .* 2\.1M tokens .* about \$7\.90\. .*\/clear/,
  ],
  [{ kind: 'cold_cache', times: 1, tokens: 900_000, usd: 3 }, /cold once /],
  [
    { kind: 'failing_tool', tool: 'Bash', failures: 12, results: 30 },
    /^Bash failed 12 of 30 times \(40\.0%\)\. .*claude-telemetry sessions --sort errors/,
  ],
  [
    {
      kind: 'dear_subagents',
      model: 'opus',
      calls: 1200,
      outputTokens: 310,
      usd: 14.2,
      cheaperModel: 'haiku',
      cheaperUsd: 0.95,
    },
    /1\.2K short calls \(310 output tokens .* opus for \$14\.20; at the price of haiku .* about \$0\.95\./,
  ],
])('%j', (tip, says) => expect(tipText(tip)).toMatch(says))

test('names can be made fit for where the text goes', () => {
  const tip: Tip = { kind: 'failing_tool', tool: '*Bash*', failures: 12, results: 30 }
  expect(tipText(tip, (name) => `<${name}>`)).toMatch(/^<\*Bash\*> failed 12 of 30/)
})
