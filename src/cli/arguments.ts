/** What can be said of the arguments before the commands are loaded. */

export const ENV_FILE = '--env-file'

/** Whether they ask for the version and nothing else. */
export function asksForVersion(args: readonly string[]): boolean {
  const [only, ...others] = args
  return others.length === 0 && (only === '--version' || only === '-V')
}

/** The files that `--env-file` names, where the arguments ask for nothing but the bridge. */
export function plainStart(args: readonly string[]): readonly string[] | undefined {
  const { envFiles, rest } = withoutEnvFiles(args)
  return rest.length === 0 || (rest.length === 1 && rest[0] === 'start') ? envFiles : undefined
}

/** The arguments with each complete `--env-file` taken out. */
export function withoutEnvFiles(args: readonly string[]): {
  readonly envFiles: readonly string[]
  readonly rest: readonly string[]
} {
  const envFiles: string[] = []
  const rest: string[] = []
  for (let index = 0; index < args.length; index += 1) {
    const [arg = '', next] = [args[index], args[index + 1]]
    if (arg.startsWith(`${ENV_FILE}=`)) envFiles.push(arg.slice(ENV_FILE.length + 1))
    else if (arg === ENV_FILE && next !== undefined) {
      envFiles.push(next)
      index += 1
    } else rest.push(arg)
  }
  return { envFiles, rest }
}
