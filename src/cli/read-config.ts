/** The settings and the configuration, as a command needs them: read once, or explained. */
import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { describeProblemIn } from '../config/config-problem.ts'
import { loadConfig } from '../config/load-config.ts'
import type { Settings } from '../config/settings.ts'
import { suspicionsOf } from '../config/suspicions.ts'
import { err, type Result } from '../domain/result.ts'
import type { CliContext, ProgramContext } from './context.ts'
import { failed, type Failure } from './outcome.ts'
import { styled } from './terminal.ts'

/** `envFiles` is called once a command asks for settings: by then the command line has been read. */
export function withSettings(
  context: ProgramContext,
  envFiles: () => readonly string[],
): CliContext {
  const { platform, stderr } = context
  const absoluteFiles = () => envFiles().map((path) => resolve(platform.workingDir, path))
  const settings = once((): Result<Settings, Failure> => {
    const read = context.readSettings(absoluteFiles())
    return read.ok ? read : failed(read.error)
  })
  const config = once((): Result<Config, Failure> => {
    const read = settings()
    if (!read.ok) return read
    const prefix = styled('yellow', 'claude-telemetry:')
    stderr.print(suspicionsOf(read.value).map((suspicion) => [prefix, ` ${suspicion}`]))
    const { variables, originOf } = read.value
    const loaded = loadConfig(variables, platform)
    if (loaded.ok) return loaded
    return err({ messages: loaded.error.map((problem) => describeProblemIn(problem, originOf)) })
  })
  return { ...context, envFiles: absoluteFiles, settings, config }
}

export function readConfig({ config }: CliContext): Result<Config, Failure> {
  return config()
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
