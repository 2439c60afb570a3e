/** A tip as a person reads it: what was seen, with its numbers, and what to try. Pure. */
import type { Tip } from '../reports/tips.ts'
import { usdText } from '../domain/usd-text.ts'
import { countText, shareText } from '../domain/figure-text.ts'

/** `shown` makes names of tools and models fit for where the text goes. */
export function tipText(tip: Tip, shown: (name: string) => string = (name) => name): string {
  switch (tip.kind) {
    case 'cold_cache': {
      const times = tip.times === 1 ? 'once' : `${tip.times} times`
      return (
        `The cache went cold ${times} after a pause of a quarter of an hour or more: ` +
        `${countText(tip.tokens)} tokens were written to it again for about ${usdText(tip.usd)}. ` +
        'Finish a task before a break, or start fresh after it (/clear, /compact).'
      )
    }
    case 'failing_tool': {
      const { tool, failures, results } = tip
      return (
        `${shown(tool)} failed ${failures} of ${results} times (${shareText(failures / results)}). ` +
        'Find out why (claude-telemetry sessions --sort errors), and tell the agent in CLAUDE.md how to do it.'
      )
    }
    case 'dear_subagents': {
      const { model, calls, outputTokens, usd, cheaperModel, cheaperUsd } = tip
      return (
        `Subagents made ${countText(calls)} short calls (${countText(outputTokens)} output tokens on average) ` +
        `with ${shown(model)} for ${usdText(usd)}; at the price of ${shown(cheaperModel)} it would have been about ${usdText(cheaperUsd)}. ` +
        'Consider the cheaper model for these agents.'
      )
    }
  }
}
