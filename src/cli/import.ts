/**
 * `import`: transcripts that agents keep on this machine, into the store. Through the bridge while one
 * runs on the data folder, since it holds sessions in memory, else straight into the store.
 */
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { BridgeApi } from '../api/bridge-client.ts'
import type { ImportBody, ImportCounts, ImportProgress } from '../api/contract/imports.ts'
import type { Config } from '../config/config.ts'
import { ok, type Result } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { bytesText, countOfText } from './figures.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { type Conclude, failed, type Failure, jsonDocument, type Outcome } from './outcome.ts'
import { createProgress, type Progress } from './progress.ts'
import { readConfig } from './read-config.ts'
import { addSinceOption, type FilterOptions, filterOf } from './session-filter.ts'

interface Options extends Pick<FilterOptions, 'since' | 'tz'> {
  readonly project?: string
  readonly content: 'keep' | 'drop'
  readonly dryRun?: boolean
  readonly export?: boolean
  readonly again?: boolean
  readonly json?: boolean
}

const NOTE = `
Without a path it reads where Claude Code and Codex keep their transcripts. It goes on where the last
import ended; what comes again, or what telemetry has told already, counts once. Costs that no
telemetry tells are estimated by the price table.

What is imported stays here. With --export, or with replay later, it goes to Langfuse as well.`

/** Between two looks at what the bridge has done. */
const POLL_MS = 100

export function addImport(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('import')
    .summary('take in the transcripts that agents keep on this machine')
    .description(
      'Takes in the transcripts that coding agents keep on this machine: sessions from before\n' +
        'claude-telemetry was installed, and the text that telemetry leaves out.',
    )
    .argument('[paths...]', 'files or folders (default: where the agents keep them)')
  addSinceOption(command, 'only files that were written to since')
    .option('--project <folder>', 'only work in a folder of this name or path')
    .addOption(
      new Option('--content <how>', 'what people and models said')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .option('--again', 'read files from their beginning, whatever was read before')
    .option('--export', 'send what is imported to Langfuse, too')
    .option('--dry-run', 'count what is there, and store nothing')
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', NOTE)
    .action((paths: readonly string[], options: Options) =>
      concluded(importTranscripts(context, paths, options)),
    )
}

async function importTranscripts(
  context: CliContext,
  paths: readonly string[],
  options: Options,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const { since, tz } = options
  const { from } = filterOf({ ...(since && { since }), ...(tz && { tz }) }, context.now())
  const { workingDir } = context.platform
  const folders =
    paths.length > 0
      ? paths.map((path) => resolve(workingDir, path))
      : context.transcripts.folders()
  if (folders.length === 0) {
    return failed('no transcripts were found on this machine', 'Name their folder.')
  }
  const body: ImportBody = {
    paths: [...folders],
    content: options.content,
    isExported: options.export === true,
    isDryRun: options.dryRun === true,
    again: options.again === true,
    ...(from !== undefined && { sinceMs: from }),
    ...(options.project !== undefined && { project: options.project }),
  }
  if (!body.isDryRun) {
    nameDestinations(context.stderr, [dataDestination(config.value, context)])
  }
  const progress = createProgress(context.stderr)
  const done = await run(context, config.value, body, progress)
  progress.clear()
  return done.ok ? outcomeOf(done.value, options) : done
}

async function run(
  context: CliContext,
  config: Config,
  body: ImportBody,
  progress: Progress,
): Promise<Result<ImportCounts, Failure>> {
  const show = ({ bytes, totalBytes, files, totalFiles }: ImportProgress): void => {
    const words = `${files} of ${countOfText(totalFiles, 'file')}, ${bytesText(bytes)}`
    progress.show(bytes, totalBytes, words)
  }
  const bridge = configuredBridge(config)
  const found = await findBridge(bridge, config)
  if (found.ok && found.value.folder === 'same') return runInBridge(bridge, body, show)
  const done = await context.transcripts.importHere(config, body, show)
  return done.ok ? done : failed(done.error)
}

async function runInBridge(
  bridge: BridgeApi,
  body: ImportBody,
  show: (progress: ImportProgress) => void,
): Promise<Result<ImportCounts, Failure>> {
  const failure = (what: string) => failed(`the bridge at ${bridge.address} ${what}`)
  const started = await bridge.startImport(body)
  if (!started.ok) return failure(started.error)
  for (;;) {
    const state = await bridge.importState(started.value)
    if (!state.ok) return failure(state.error)
    const { progress, counts, error } = state.value
    show(progress)
    if (error !== null) return failed(error, 'Run it again: it goes on where it ended.')
    if (counts !== null) return ok(counts)
    await setTimeout(POLL_MS)
  }
}

/** It is done when everything that was named is stored. */
function outcomeOf(counts: ImportCounts, { json = false, dryRun = false }: Options): Outcome {
  const { files, knownFiles, refused, refusals, unreadable, damagedLines } = counts
  if (unreadable.length > 0) {
    return failed(
      `${countOfText(unreadable.length, 'path')} could not be read: ${unreadable.slice(0, 5).join('; ')}`,
      files > 0 ? `${summaryOf(counts, dryRun)} The rest is stored.` : undefined,
    )
  }
  if (refused > 0) {
    return failed(
      `${countOfText(refused, 'entry', 'entries')} were refused: ${refusals.join('; ')}`,
    )
  }
  if (json) return ok({ document: jsonDocument(counts) })
  if (files === 0) {
    return knownFiles > 0
      ? ok({ lines: [`Nothing new in ${countOfText(knownFiles, 'transcript')}.`] })
      : failed('no transcripts were found there', 'Name a file or folder of Claude Code or Codex.')
  }
  const lines = [summaryOf(counts, dryRun)]
  if (damagedLines > 0) lines.push(`${countOfText(damagedLines, 'line')} could not be read.`)
  return ok({ lines })
}

function summaryOf(counts: ImportCounts, isDryRun: boolean): string {
  const { files, bytes, sessions, prompts, calls, tools } = counts
  return (
    `${isDryRun ? 'Would read' : 'Read'} ${countOfText(files, 'transcript')} (${bytesText(bytes)}): ` +
    `${countOfText(sessions, 'session')}, ${countOfText(prompts, 'prompt')}, ` +
    `${countOfText(calls, 'model call')}, ${countOfText(tools, 'tool result')}.`
  )
}
