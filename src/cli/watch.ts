/**
 * `watch`: follows transcripts while agents write them, without a bridge. One that runs on the data folder
 * holds its sessions in memory, so it does that by itself (`WATCH_TRANSCRIPTS=on`).
 */
import type { Command } from 'commander'
import { ok } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import { dataDestination, nameDestinations } from './destination.ts'
import { countOfText } from '../domain/figure-text.ts'
import { configuredBridge, findBridge } from './folder-bridge.ts'
import { type Conclude, failed, type Outcome } from './outcome.ts'
import { readConfig } from './read-config.ts'
import { addZoneOption, timeZoneOf } from './session-filter.ts'
import { TRANSCRIPT_PATHS, transcriptPaths } from './transcript-paths.ts'
import { clockText } from './zoned-time.ts'

interface Options {
  readonly tz?: string
}

const NOTE = `
Without a path, follows the folders of Claude Code and Codex: every two seconds, what was written since the
last look is stored, beginning with the last hour. Nothing is exported. While this runs, no bridge can use the
data folder: a bridge follows transcripts itself with WATCH_TRANSCRIPTS=on.`

export function addWatch(program: Command, context: CliContext, concluded: Conclude): void {
  const command = program
    .command('watch')
    .summary('follow the transcripts that agents write on this machine')
    .description(
      'Stores what coding agents write into their transcripts, as they write it, until Ctrl-C.',
    )
    .argument('[paths...]', TRANSCRIPT_PATHS)
  addZoneOption(command)
    .addHelpText('after', NOTE)
    .action((paths: readonly string[], options: Options) =>
      concluded(watch(context, paths, options)),
    )
}

async function watch(
  context: CliContext,
  paths: readonly string[],
  options: Options,
): Promise<Outcome> {
  const config = readConfig(context)
  if (!config.ok) return config
  const places = transcriptPaths(context, paths)
  if (!places.ok) return places
  const { stdout, stderr, transcripts, now } = context
  const folders = places.value
  const bridge = configuredBridge(config.value)
  const found = await findBridge(bridge, config.value)
  if (found.ok && found.value.folder === 'same') {
    const where = `the bridge at ${bridge.address} uses this data folder`
    if (config.value.watch === undefined) {
      return failed(where, 'To have it follow transcripts, start it with WATCH_TRANSCRIPTS=on.')
    }
    return ok({
      lines: [`Nothing to do: ${where} and follows transcripts (WATCH_TRANSCRIPTS=on).`],
    })
  }
  nameDestinations(stderr, [dataDestination(config.value, context)])
  const timeZone = timeZoneOf(options)
  const done = await transcripts.watchHere(config.value, {
    folders,
    onRead: ({ sessions, prompts, calls, tools }) => {
      const told = [
        countOfText(prompts, 'prompt'),
        countOfText(calls, 'model call'),
        countOfText(tools, 'tool result'),
      ].join(', ')
      if (sessions === 0) return
      stdout.print([`${clockText(now(), timeZone)}  ${countOfText(sessions, 'session')}: ${told}`])
    },
    onError: (message) => stderr.print([`cannot read on: ${message}`]),
    onStart: () => {
      const where = folders().join(', ')
      stderr.print([
        `Following ${where === '' ? 'the folders of the agents, once there are any' : where}. Press Ctrl-C to stop.`,
      ])
    },
  })
  return done.ok ? ok({ lines: [] }) : failed(done.error)
}
