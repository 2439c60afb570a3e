/**
 * Has the system run the bridge, through the tools that the system has for it. Where they do not
 * answer, the file stays, and the answer says what is left to do by hand.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type { RunCommand } from './command-runner.ts'
import { AGENT_LABEL, type ServiceFile, UNIT_NAME } from './service-unit.ts'

export interface Service {
  /** Runs it now and at each login. The value is a line for a person, the error what is left. */
  enable(file: ServiceFile): Promise<Result<string, string>>
  /** Ends it, before its file is removed. */
  disable(file: Pick<ServiceFile, 'kind' | 'path'>): Promise<Result<string, string>>
}

interface ServiceDeps {
  readonly run: RunCommand
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Number of the user, which launchd asks for. */
  readonly userId: number | undefined
}

export function createService({ run, variables, userId }: ServiceDeps): Service {
  /** The first command that fails ends the row. */
  async function all(commands: readonly (readonly string[])[]): Promise<Result<undefined, string>> {
    for (const [file = '', ...args] of commands) {
      const { exitCode, stderr } = await run(file, args, variables)
      const said = stderr.trim().split('\n').at(-1) ?? ''
      if (exitCode !== 0) return err(`"${[file, ...args].join(' ')}" failed: ${said}`)
    }
    return ok(undefined)
  }

  const systemctl = (...args: string[]) => ['systemctl', '--user', ...args]
  const domain = `gui/${userId ?? 0}`

  return {
    enable: async ({ kind, path }) => {
      if (kind === 'launchd') {
        await run('launchctl', ['bootout', `${domain}/${AGENT_LABEL}`], variables)
        const done = await all([['launchctl', 'bootstrap', domain, path]])
        if (done.ok)
          return ok(`The bridge is running, and starts at each login (launchd, ${AGENT_LABEL}).`)
        return err(
          `${done.error}\nThe service does not run yet: launchctl bootstrap ${domain} ${path}`,
        )
      }
      const done = await all([
        systemctl('daemon-reload'),
        systemctl('enable', UNIT_NAME),
        systemctl('restart', UNIT_NAME),
      ])
      if (done.ok) {
        return ok(
          `The bridge is running, and starts at each login (systemd, ${UNIT_NAME}; log: journalctl --user -u ${UNIT_NAME}). ` +
            'To run it without a login as well: loginctl enable-linger',
        )
      }
      return err(
        `${done.error}\nThe service does not run yet. In your own login session (not su or sudo): ` +
          `systemctl --user daemon-reload && systemctl --user enable --now ${UNIT_NAME}`,
      )
    },
    disable: async ({ kind, path }) => {
      const done =
        kind === 'launchd'
          ? await all([['launchctl', 'bootout', `${domain}/${AGENT_LABEL}`]])
          : await all([systemctl('disable', '--now', UNIT_NAME)])
      if (done.ok) return ok('The service was stopped.')
      return err(
        `${done.error}\nIf the bridge still runs as a service, end it by hand; ${path} is removed.`,
      )
    },
  }
}
