/** `pr-cost`: what agents cost for a pull request or a branch, as a comment for it. */
import { type Command, Option } from 'commander'
import { createFileReader } from '../processors/enrich/file-reader.ts'
import { isInRepository, workspaceLabels } from '../processors/enrich/workspace-reader.ts'
import { createSystemClock } from '../observability/clock.ts'
import { ok, type Result } from '../domain/result.ts'
import { type AskedWork, pullRequestCost } from '../reports/pull-request-cost.ts'
import { pullRequestIn } from '../sessions/work/tool-output.ts'
import type { CliContext } from './context.ts'
import { type Data, withData } from './open-data.ts'
import { type Conclude, failed, type Failure, type Outcome } from './outcome.ts'
import { addZoneOption, type FilterOptions, timeZoneOf } from './session-filter.ts'
import { type CostFormat, COST_FORMATS, pullRequestReport } from './pr-cost-text.ts'

interface Options extends Pick<FilterOptions, 'tz'> {
  readonly format: CostFormat
  readonly json?: boolean
}

const EXAMPLE = `
In a CI job, for the pull request of its branch:
  claude-telemetry pr-cost "$BRANCH" --format markdown | gh pr comment "$BRANCH" --body-file -`

/** What to do where nothing is known. */
const SEE_GROUPS = 'See claude-telemetry report --group pull-request --since 90d'

export function addPrCost(program: Command, context: CliContext, concluded: Conclude): void {
  addZoneOption(
    program
      .command('pr-cost')
      .summary('what a pull request cost')
      .description(
        'Sums up what agents cost for a pull request: by model, person and commit. Without an\n' +
          'argument, for the branch of the current folder.',
      )
      .argument(
        '[pull-request]',
        "the pull request's address or number, such as acme/shop#7, or a branch",
      )
      .addOption(
        new Option('--format <format>', 'output format')
          .choices(COST_FORMATS)
          .default('text')
          .conflicts('json'),
      )
      .option('--json', 'short for --format json'),
  )
    .addHelpText('after', EXAMPLE)
    .action((name: string | undefined, options: Options) =>
      concluded(withData(context, (data) => prCost(data, context, name, options))),
    )
}

async function prCost(
  { reader, ticketOf }: Data,
  context: CliContext,
  name: string | undefined,
  options: Options,
): Promise<Outcome> {
  const asked = await askedWork(name, context)
  if (!asked.ok) return asked
  const timeZone = timeZoneOf(options)
  const answer = await pullRequestCost(
    { reader, ticketOf, timeZone, nowMs: context.now() },
    asked.value,
  )
  switch (answer.is) {
    case 'found':
      return ok(
        pullRequestReport(options.json === true ? 'json' : options.format, answer.cost, {
          timeZone,
          terminal: context.stdout,
        }),
      )
    case 'ambiguous':
      return failed(
        `${textOf(asked.value)} may be of: ${answer.names.join(', ')}`,
        'Give the address of the pull request, or run this in a folder of the repository',
      )
    case 'unknown': {
      const known = [...answer.pullRequests, ...answer.branches]
      const rest = known.length === 0 ? '' : `; known are ${known.join(', ')}`
      return failed(`nothing is stored of ${textOf(asked.value)}${rest}`, SEE_GROUPS)
    }
  }
}

function textOf(asked: AskedWork): string {
  switch (asked.of) {
    case 'url':
      return `the pull request ${asked.url}`
    case 'number':
      return `a pull request number ${asked.number}${asked.repository === undefined ? '' : ` of ${asked.repository}`}`
    case 'branch':
      return `the branch "${asked.branch}"${asked.repository === undefined ? '' : ` of ${asked.repository}`}`
  }
}

/** What a person means, with what the current folder says of it. */
async function askedWork(
  name: string | undefined,
  { platform }: CliContext,
): Promise<Result<AskedWork, Failure>> {
  if (name === '')
    return failed('the name of the pull request is empty', 'Leave it out for the current branch')
  const printed = name === undefined ? undefined : pullRequestIn(name)
  if (printed !== undefined) return ok({ of: 'url', url: printed.url })
  // As this command names it, and as people write it.
  const [, of, ofNumber] = /^([\w.-]+(?:\/[\w.-]+)+)#([0-9]{1,9})$/.exec(name ?? '') ?? []
  if (of !== undefined) return ok({ of: 'number', number: Number(ofNumber), repository: of })
  const files = createFileReader(createSystemClock())
  const { repository, branch } = await workspaceLabels(files, platform.workingDir)
  const number = /^#?([0-9]{1,9})$/.exec(name ?? '')?.[1]
  if (number !== undefined) return ok({ of: 'number', number: Number(number), repository })
  if (name !== undefined) return ok({ of: 'branch', branch: name, repository })
  if (branch !== undefined) return ok({ of: 'branch', branch, repository })
  return failed(
    repository === undefined && !(await isInRepository(files, platform.workingDir))
      ? `${platform.workingDir} is in no git repository, so there is no current branch`
      : 'no branch is checked out here',
    'Name the pull request or the branch: claude-telemetry pr-cost <address or branch>',
  )
}
