/**
 * `import`: reads the transcripts that agents keep on this machine into the store. Through the bridge while
 * one runs on the data folder, since it holds sessions in memory, otherwise directly.
 */
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { BridgeApi } from '../api/bridge-client.ts'
import type { ImportBody, ImportCounts, ImportProgress } from '../api/contract/imports.ts'
import type { Config } from '../config/config.ts'
import { readRoutesFile } from '../config/routes-file.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { configuredExporters, namedExporters } from '../exporters/registry.ts'
import type { CliContext } from './context.ts'
import {
  dataDestination,
  type Destination,
  exporterDestination,
  langfuseDestination,
  nameDestinations,
} from './destination.ts'
import { bytesText, countOfText } from '../domain/figure-text.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import {
  type Conclude,
  EXIT_PROBLEM,
  failed,
  type Failure,
  jsonDocument,
  type Outcome,
} from './outcome.ts'
import { createProgress, type Progress } from './progress.ts'
import { readConfig } from './read-config.ts'
import { addSinceOption, type FilterOptions, filterOf } from './session-filter.ts'
import { TRANSCRIPT_PATHS, transcriptPaths } from './transcript-paths.ts'

interface Options extends Pick<FilterOptions, 'since' | 'tz'> {
  readonly project?: string
  readonly content: 'keep' | 'drop'
  readonly dryRun?: boolean
  readonly export?: boolean
  readonly again?: boolean
  readonly json?: boolean
}

const NOTE = `
Without a path, reads the folders of Claude Code and Codex. Each import continues where the last one
ended, so it can be repeated at any time; a call that telemetry has reported, or that stands in several
files, is counted once. Costs without telemetry are estimated from the price table.

Imported sessions stay in the store. To send them to Langfuse and other exporters, use --export, or
replay later.`

/** Between two looks at what the bridge has done. */
const POLL_MS = 100

export function addImport(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('import')
    .summary('import the transcripts that agents keep on this machine')
    .description(
      'Imports the transcripts that coding agents keep on this machine: sessions from before\n' +
        'claude-telemetry was installed, and the content that telemetry leaves out.',
    )
    .argument('[paths...]', TRANSCRIPT_PATHS)
  addSinceOption(command, 'only files last written to since')
    .option('--project <folder>', 'only sessions in a folder with this name or path')
    .addOption(
      new Option('--content <how>', 'prompts, answers, and tool input and output')
        .choices(['keep', 'drop'])
        .default('keep'),
    )
    .option('--again', 'read files from the beginning, also those read before')
    .option('--export', 'also send imported sessions to the exporters')
    .option('--dry-run', 'count without storing anything')
    .option('--json', 'print JSON')
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
  const places = transcriptPaths(context, paths)
  if (!places.ok) return places
  const { since, tz } = options
  const { from } = filterOf({ ...(since && { since }), ...(tz && { tz }) }, context.now())
  const { workingDir } = context.platform
  const folders = places.value()
  if (folders.length === 0) {
    return failed(
      'neither Claude Code nor Codex has a folder of transcripts on this machine',
      'Name a file or folder: claude-telemetry import <path>',
    )
  }
  const body: ImportBody = {
    paths: [...folders],
    content: options.content,
    isExported: options.export === true,
    isDryRun: options.dryRun === true,
    again: options.again === true,
    ...(from !== undefined && { sinceMs: from }),
    ...(options.project !== undefined && { project: projectOf(options.project, workingDir) }),
  }
  const destinations =
    options.export === true ? exporterDestinations(config.value, context) : ok([])
  if (!destinations.ok) return failed(destinations.error)
  const exporters = destinations.value
  if (options.export === true && exporters.length === 0) {
    return failed(
      'nothing can be exported: no exporter is configured',
      'Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, or leave out --export.',
    )
  }
  if (!body.isDryRun) {
    nameDestinations(context.stderr, [dataDestination(config.value, context), ...exporters])
  }
  const progress = createProgress(context.stderr)
  const done = await run(context, config.value, body, progress)
  progress.clear()
  return done.ok ? outcomeOf(done.value, folders, options) : done
}

/** A path from here on, as a shell completes it, is meant as such; any other word is a name. */
function projectOf(project: string, workingDir: string): string {
  return /^\.{1,2}(?:[/\\]|$)/.test(project) ? resolve(workingDir, project) : project
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

/** Exits with 0 when everything that was named is stored, with or without `--json`. */
function outcomeOf(counts: ImportCounts, folders: readonly string[], options: Options): Outcome {
  const { json = false, dryRun = false } = options
  const problems = problemsOf(counts, folders, options)
  if (json) {
    return ok({ document: jsonDocument(counts), exitCode: problems.length > 0 ? EXIT_PROBLEM : 0 })
  }
  const lines = linesOf(counts, options)
  if (problems.length === 0) return ok({ lines })
  const isStored = counts.files > 0 && !dryRun
  const next = isStored ? `Everything else is stored. ${lines[0] ?? ''}` : lines[0]
  return err({ messages: problems, ...(counts.files > 0 && next !== undefined && { next }) })
}

/** Paths and refusals that are named one by one. */
const MAX_NAMED = 5

/** Why not everything that was named is stored. */
function problemsOf(
  counts: ImportCounts,
  folders: readonly string[],
  { project }: Options,
): readonly string[] {
  const { files, knownFiles, refused, refusals, unreadable, skippedFiles, leftOut } = counts
  const { empty, older, otherProjects, unrecognised } = skippedFiles
  const more = unreadable.length - MAX_NAMED
  const problems = unreadable.slice(0, MAX_NAMED).map((failure) => `cannot read ${failure}`)
  if (more > 0) problems.push(`cannot read ${countOfText(more, 'more file')}`)
  if (refused > 0) {
    const reasons = refusals.slice(0, MAX_NAMED).join('; ')
    problems.push(`${countOfText(refused, 'entry was', 'entries were')} refused: ${reasons}`)
  }
  if (problems.length > 0 || files + knownFiles > 0) return problems
  if (otherProjects > 0) {
    const others = countOfText(otherProjects, 'transcript belongs', 'transcripts belong')
    const before = older > 0 ? `, and ${older} were last written before --since` : ''
    return [`no transcript of project "${project}" was found; ${others} to other projects${before}`]
  }
  if (empty + older > 0) return problems
  const where = folders.slice(0, MAX_NAMED).join(', ')
  if (unrecognised > 0) {
    const found = countOfText(unrecognised, 'file in another format', 'files in other formats')
    const named = leftOut.slice(0, MAX_NAMED)
    return [`no transcript of Claude Code or Codex at ${where}; ${found}`, ...named]
  }
  return [`no transcript (*.jsonl) at ${where}`, ...leftOut.slice(0, MAX_NAMED)]
}

function linesOf(counts: ImportCounts, options: Options): readonly string[] {
  const { files, knownFiles, damagedLines, damagedFiles, skippedFiles, leftOut } = counts
  const { empty, older } = skippedFiles
  const lines: string[] = []
  if (files > 0) lines.push(summaryOf(counts, options))
  else if (knownFiles > 0) {
    lines.push(
      `Nothing new in ${countOfText(knownFiles, 'transcript')}. ` +
        'To bring back sessions that were deleted since, add --again.',
    )
  } else if (older > 0) {
    lines.push(
      `Nothing to import: ${countOfText(older, 'transcript')} last written before --since.`,
    )
  } else lines.push(`Nothing to import: ${countOfText(empty, 'transcript')}, empty.`)
  if (damagedLines > 0) {
    lines.push(
      `${countOfText(damagedLines, 'damaged line was', 'damaged lines were')} skipped:`,
      ...damagedFiles.slice(0, MAX_NAMED).map((each) => `  ${each}`),
      ...(damagedFiles.length > MAX_NAMED ? ['  …'] : []),
    )
  }
  if (leftOut.length > 0) {
    lines.push('Not read:', ...leftOut.slice(0, MAX_NAMED).map((each) => `  ${each}`))
    if (leftOut.length > MAX_NAMED) lines.push('  …')
  }
  if (files > 0 && options.again === true && options.content === 'drop') {
    lines.push('Content that was stored before stays. To delete it: claude-telemetry delete')
  }
  if (options.export === true && (knownFiles > 0 || options.again === true)) {
    lines.push(
      'What was imported before is not sent again. To send it, run: claude-telemetry replay',
    )
  }
  return lines
}

/** What the files say, whether it was stored before or not. */
function summaryOf(counts: ImportCounts, { again = false, dryRun = false }: Options): string {
  const { files, bytes, sessions, prompts, calls, tools } = counts
  const read = dryRun ? 'Dry run:' : again ? 'Read again from the beginning:' : 'Read'
  return (
    `${read} ${countOfText(files, 'transcript')} (${bytesText(bytes)}) with ` +
    `${countOfText(sessions, 'session')}, ${countOfText(prompts, 'prompt')}, ` +
    `${countOfText(calls, 'model call')}, ${countOfText(tools, 'tool result')}.` +
    (dryRun ? ' Nothing was stored.' : '')
  )
}

/** Where imported sessions may be sent, by the settings and by ROUTES_FILE. */
function exporterDestinations(
  config: Config,
  context: CliContext,
): Result<readonly Destination[], string> {
  const routes = readRoutesFile(config.routesFile)
  if (!routes.ok) return routes
  const deps = { productVersion: context.productVersion, now: context.now }
  const exporters = [
    ...configuredExporters(config, deps),
    ...namedExporters(routes.value?.destinations ?? [], config, deps),
  ]
  const destinations = exporters.flatMap(({ definition, exporter }): readonly Destination[] => {
    if (exporter === undefined) return []
    if (definition.name === 'langfuse' && config.langfuse !== undefined) {
      return [langfuseDestination(config.langfuse.baseUrl, context)]
    }
    return [exporterDestination(definition, exporter.address, context)]
  })
  return ok(destinations)
}
