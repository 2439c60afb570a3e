/**
 * `mcp`: the MCP server over standard input and output, for an agent that asks what sessions cost and why
 * they failed. Answers from what is stored, beside a running bridge or without one, and opens it anew for
 * each call: an agent keeps the process for hours, and the bridge may be upgraded meanwhile.
 */
import { inspect } from 'node:util'
import type { Command } from 'commander'
import type { WebFailure } from '../api/failure.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import { err, ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { withStored } from './open-data.ts'
import { type Conclude, failed, type Failure, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'

const NOTE = `
Tools: list_sessions, search_sessions, get_session, get_costs, list_failures, find_waste, get_budgets.
To register it with Claude Code: claude-telemetry install --mcp. A running bridge answers the same over
HTTP at /mcp, under its access rules.`

export function addMcp(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('mcp')
    .summary('answer questions of agents (MCP over stdio)')
    .description(
      'Runs a Model Context Protocol server over standard input and output, so that an agent can be\n' +
        'asked what a session cost and why it failed. An agent starts it; it ends with its input.',
    )
    .addHelpText('after', NOTE)
    .action(() => concluded(mcp(context)))
}

async function mcp(context: CliContext): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const fixed = readFixedBudgets(config.value.budgets)
  if (!fixed.ok) return failed(fixed.error)
  if (context.stdout.isInteractive) {
    context.stderr.print([
      'Waiting for an agent that speaks the Model Context Protocol. Press Ctrl-C to stop.',
    ])
  }
  const { now, productVersion: version, platform, stderr, streams } = context
  const timeZone =
    config.value.budgets.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
  const [{ serveStdio }, { askOf }] = await Promise.all([
    import('../mcp/stdio.ts'),
    import('./mcp-questions.ts'),
  ])
  const served = await serveStdio({
    ...streams,
    ...{ now, timeZone, workingDir: platform.workingDir, version },
    withAsk: async (use) => {
      const done = await withStored(context, async (data) =>
        use(askOf(data, { fixed: fixed.value, timeZone, now })),
      )
      return done.ok ? done.value : use(async () => err(unavailable(done.error)))
    },
    onBug: (error) => stderr.print([`claude-telemetry: this is a bug: ${inspect(error)}`]),
  })
  return served.ok ? ok({ lines: [] }) : failed(served.error)
}

function unavailable({ messages, next }: Failure): WebFailure {
  return {
    code: 'unavailable',
    message: [...messages, ...(next === undefined ? [] : [next])].join(' '),
  }
}
