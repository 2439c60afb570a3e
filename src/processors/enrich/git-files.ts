/** The name of a repository from the address of its remote. Pure; credentials never get through. */

/**
 * `owner/name` of `https://token@host/owner/name.git`, `git@host:owner/name.git` and the like;
 * undefined for addresses that name no owner.
 */
export function repositoryName(remote: string): string | undefined {
  const path = pathOf(remote.trim())
  const parts = path
    .replace(/\.git\/?$/, '')
    .split('/')
    .filter((part) => part !== '')
  if (parts.length < 2) return undefined
  const name = parts.slice(-2).join('/')
  return /^[\w.-]+\/[\w.-]+$/.test(name) ? name : undefined
}

function pathOf(remote: string): string {
  if (URL.canParse(remote) && remote.includes('://')) return new URL(remote).pathname
  const scp = /^[^/:]+:(.+)$/.exec(remote)
  return scp?.[1] ?? ''
}

/** The address of a remote, `origin` before any other, in a repository's `config` file. */
export function remoteUrl(gitConfig: string): string | undefined {
  const urls = new Map<string, string>()
  let remote: string | undefined
  for (const line of gitConfig.split('\n')) {
    const section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1]
    if (section !== undefined) remote = /^remote "(.+)"$/.exec(section)?.[1]
    const url = /^\s*url\s*=\s*(\S+)/.exec(line)?.[1]
    if (remote !== undefined && url !== undefined) urls.set(remote, url)
  }
  return urls.get('origin') ?? urls.values().next().value
}

/** The branch in a `HEAD` file; undefined when it is detached. */
export function branchOf(head: string): string | undefined {
  return /^ref: refs\/heads\/(\S+)/.exec(head)?.[1]
}
