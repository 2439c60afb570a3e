/**
 * `uninstall`: takes out what `install` put in. A file that nobody has edited since is then as it
 * was before, to the byte; in one that was edited only our part goes.
 */
import type { Command } from 'commander'
import { configDirOf } from '../config/folders.ts'
import { ok } from '../domain/result.ts'
import { applyRemoval } from '../setup/apply.ts'
import { runCommand } from '../setup/command-runner.ts'
import { type FileChange, removal } from '../setup/file-change.ts'
import {
  createInstallRecord,
  type InstalledFile,
  UNREADABLE_RECORD,
} from '../setup/install-record.ts'
import { createService } from '../setup/service.ts'
import type { CliContext } from './context.ts'
import { fileDestination, nameDestinations } from './destination.ts'
import { changeLines } from './file-diff.ts'
import { type Conclude, failed, type Outcome, jsonDocument } from './outcome.ts'

interface Options {
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function addUninstall(program: Command, context: CliContext, concluded: Conclude): void {
  program
    .command('uninstall')
    .summary('undo what install did')
    .description(
      'Removes everything that install added, including the service. Recorded data stays\n' +
        'in the data folder and in Langfuse.',
    )
    .option('--dry-run', 'show what would change without changing anything')
    .option('--json', 'print what was removed, or would be, as JSON')
    .action((options: Options) => concluded(uninstall(context, options)))
}

async function uninstall(
  context: CliContext,
  { dryRun = false, json = false }: Options,
): Promise<Outcome> {
  const { shellVariables: variables, platform, userId } = context
  const record = createInstallRecord(configDirOf(variables, platform))
  const installed = record.files()
  if (!installed.ok) return failed(installed.error, UNREADABLE_RECORD)
  const files = installed.value.map(({ path }) => path)
  const document = { document: jsonDocument({ dryRun, files }) }
  if (files.length === 0) return ok(json ? document : { lines: ['Nothing is installed.'] })
  const removed: (readonly [InstalledFile, FileChange])[] = []
  for (const file of installed.value) {
    const change = removal(file, record)
    if (!change.ok)
      return failed(change.error, 'Nothing was changed. Correct the file and try again.')
    removed.push([file, change.value])
  }
  if (dryRun)
    return ok(json ? document : { lines: changeLines(removed.map(([, change]) => change)) })
  // Standard output is for the document alone.
  nameDestinations(
    json ? context.stderr : context.stdout,
    installed.value.map((file) => fileDestination(file, context)),
  )
  const lines: string[] = []
  const service = installed.value.find(({ kind }) => kind === 'service')
  if (service !== undefined) {
    const kind = platform.os === 'darwin' ? 'launchd' : 'systemd'
    const { path } = service
    const ended = await createService({ run: runCommand, variables, userId }).disable({
      kind,
      path,
    })
    lines.push(ended.ok ? ended.value : ended.error)
  }
  const applied = applyRemoval(removed, record)
  if (!applied.ok) return failed(applied.error)
  if (json) context.stderr.print(lines)
  return ok(json ? document : { lines: [...lines, ...applied.value] })
}
