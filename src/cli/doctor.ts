/**
 * `doctor`: checks each link from Claude Code to Langfuse, and says what to do about what is
 * broken. Exit code 1 when something is.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { describeProblemIn } from '../config/config-problem.ts'
import { loadConfig } from '../config/load-config.ts'
import { suspicionsOf } from '../config/suspicions.ts'
import { ok } from '../domain/result.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { createBridgeProbe } from '../doctor/bridge-probe.ts'
import { examine, type Examination } from '../doctor/examination.ts'
import { fault, fine, type Finding, warning } from '../doctor/finding.ts'
import { runCommand } from '../setup/command-runner.ts'
import type { CliContext } from './context.ts'
import {
  bridgeDestination,
  dataDestination,
  type Destination,
  langfuseDestination,
  nameDestinations,
} from './destination.ts'
import { doctorOfFleet } from './fleet.ts'
import { numberBetween } from './number-option.ts'
import { type Conclude, EXIT_OK, EXIT_PROBLEM, jsonDocument, type Outcome } from './outcome.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

interface Options {
  readonly json?: boolean
  readonly record: boolean
  readonly server?: boolean
  readonly wait: number
  readonly fleet?: boolean
  readonly days: number
  readonly silentDays: number
}

const DEFAULT_WAIT_S = 20

const marks: Readonly<Record<Finding['status'], readonly [string, Style]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['skip', 'gray'],
}

export function addDoctor(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('doctor')
    .summary('check every step from Claude Code to Langfuse')
    .description(
      'Checks every step from Claude Code to Langfuse and says how to fix what fails. It sends a\n' +
        'test record through the whole pipeline, in a separate session that costs nothing.',
    )
    .option('--json', 'print the findings as JSON')
    .option('--server', 'check the bridge alone: no agent is set up on this machine')
    .option('--no-record', 'do not send a test record')
    .option(
      '--wait <seconds>',
      'how long to wait for its trace in Langfuse',
      secondsOf,
      DEFAULT_WAIT_S,
    )
    .option(
      '--fleet',
      'check the agents of all users instead: versions, settings, and who stopped sending',
    )
    .option('--days <days>', 'with --fleet: how far back', numberBetween(1, 365), 30)
    .option(
      '--silent-days <days>',
      'with --fleet: how long without data counts as silent',
      numberBetween(1, 365),
      3,
    )
    .action((options: Options) =>
      concluded(
        options.fleet === true
          ? doctorOfFleet(context, options, findingLines)
          : doctor(context, options),
      ),
    )
}

async function doctor(context: CliContext, options: Options): Promise<Outcome> {
  const { findings: found, refused } = await examined(context, options)
  const findings = found.map(withoutPasswords)
  const isWell = findings.every(({ status }) => status !== 'fail')
  return ok({
    ...(options.json
      ? {
          document: jsonDocument({
            ok: isWell,
            version: context.productVersion,
            findings,
            refused,
          }),
        }
      : { lines: findingLines(findings, context.stdout) }),
    exitCode: isWell ? EXIT_OK : EXIT_PROBLEM,
  })
}

/** Claude Code's own settings may name a bridge by a URL with a password. */
function withoutPasswords({ id, status, what, todo }: Finding): Finding {
  const shown = { id, status, what: withoutUrlPasswords(what) }
  return todo === undefined ? shown : { ...shown, todo: withoutUrlPasswords(todo) }
}

async function examined(
  context: CliContext,
  { json = false, record, wait, server = false }: Options,
): Promise<Examination> {
  const { shellVariables, platform, productVersion, now } = context
  const settings = context.settings()
  if (!settings.ok) {
    const { messages } = settings.error
    const findings = messages.map((message) =>
      fault('config', message, 'Correct it, then try again'),
    )
    return { findings, refused: {} }
  }
  const { variables, originOf } = settings.value
  const suspicions = suspicionsOf(settings.value).map((suspicion) =>
    warning('config.suspicious', suspicion, 'Correct it there, or remove it'),
  )
  const config = loadConfig(variables, platform)
  if (!config.ok) {
    const faults = config.error.map((problem) =>
      fault('config', describeProblemIn(problem, originOf), 'Correct it there'),
    )
    return { findings: [...suspicions, ...faults], refused: {} }
  }
  const destinations = destinationsOf(config.value, context)
  const named = json ? [fine('config', destinations.map(sentenceOf).join(', '))] : []
  if (!json) nameDestinations(context.stdout, destinations)
  const { findings, refused } = await examine(
    {
      config: config.value,
      ...{ platform, shellVariables, productVersion },
      transcriptFolders: context.transcripts.folders(),
    },
    { run: runCommand, probe: createBridgeProbe(), now },
    { waitMs: wait * 1000, sendsRecord: record, isServer: server },
  )
  return { findings: [...named, ...suspicions, ...findings], refused }
}

/** All that the examination reaches for, keys in hand. */
function destinationsOf(config: Config, context: CliContext): readonly Destination[] {
  const { langfuse } = config
  return [
    bridgeDestination(config, context),
    dataDestination(config, context),
    ...(langfuse === undefined ? [] : [langfuseDestination(langfuse.baseUrl, context)]),
  ]
}

function sentenceOf({ what, where, from }: Destination): string {
  return `${what} ${where} (${from})`
}

const ID_WIDTH = 20
const GAP = '  '
const BEFORE_TODO = '      → '

/** Fit a terminal. */
export function findingLines(
  findings: readonly Finding[],
  terminal: Terminal,
): readonly TextLine[] {
  const lines = findings.flatMap(({ status, id, what, todo }): TextLine[] => {
    const [mark, style] = marks[status]
    const name = `${GAP}${id.padEnd(ID_WIDTH)}${GAP}`
    const [first = '', ...more] = wrapped(what, terminal, mark.length + name.length)
    const [advice, ...rest] = todo === undefined ? [] : wrapped(todo, terminal, BEFORE_TODO.length)
    return [
      [styled(style, mark), `${name}${first}`],
      ...more,
      ...(advice === undefined ? [] : [`${BEFORE_TODO}${advice}`, ...rest]),
    ]
  })
  return [...lines, '', conclusionOf(findings)]
}

function conclusionOf(findings: readonly Finding[]): string {
  const count = (status: Finding['status']) =>
    findings.filter((finding) => finding.status === status).length
  const [faults, warnings] = [count('fail'), count('warn')]
  if (faults + warnings === 0) return 'No problems found.'
  const faultsText = faults === 1 ? '1 error' : `${faults} errors`
  return `${faultsText}, ${warnings === 1 ? '1 warning' : `${warnings} warnings`}.`
}

function secondsOf(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Expected seconds, up to 9999.')
  return Number(text)
}
