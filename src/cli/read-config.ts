/** The bridge's configuration, as a command needs it: read, or explained. */
import type { Config } from '../config/config.ts'
import { describeProblem } from '../config/config-problem.ts'
import { loadConfig } from '../config/load-config.ts'
import { err, type Result } from '../domain/result.ts'
import type { CliContext } from './context.ts'
import type { Failure } from './outcome.ts'

export function readConfig({ variables, platform }: CliContext): Result<Config, Failure> {
  const config = loadConfig(variables, platform)
  return config.ok ? config : err({ messages: config.error.map(describeProblem) })
}
