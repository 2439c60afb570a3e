/** Whether Claude Code is there, and what its version is known to do wrong. */
import type { RunCommand } from '../setup/command-runner.ts'
import type { ClaudeEnvironment } from './claude-environment.ts'
import { fault, fine, type Finding, warning } from './finding.ts'
import { faultsOf } from './version-faults.ts'

/** `variables` are those of the shell, its PATH above all. */
export async function claudeFindings(
  run: RunCommand,
  variables: Readonly<Record<string, string | undefined>>,
  environment: ClaudeEnvironment,
): Promise<readonly Finding[]> {
  const { exitCode, stdout, stderr } = await run('claude', ['--version'], variables)
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0]
  if (exitCode !== 0 || version === undefined) {
    const said = (stderr || stdout).trim().split('\n')[0]
    return [
      fault(
        'claude.found',
        `"claude --version" failed: ${said}`,
        'Install Claude Code, or put it on the PATH of this shell',
      ),
    ]
  }
  const faults = faultsOf(version, environment)
  if (faults.length === 0) return [fine('claude.version', `Claude Code ${version}`)]
  return faults.map(({ status, what, todo }) => {
    const said = `Claude Code ${version} ${what}`
    return status === 'fail'
      ? fault('claude.version', said, todo)
      : warning('claude.version', said, todo)
  })
}
