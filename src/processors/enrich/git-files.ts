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

/**
 * The page of a repository from the address of its remote: `https://host/owner/name`. Undefined where that
 * names no owner, or a host that only this machine knows.
 */
export function repositoryPage(remote: string): string | undefined {
  const address = remote.trim()
  const name = repositoryName(address)
  if (name === undefined) return undefined
  const path = pathOf(address)
    .replace(/^\/+/, '')
    .replace(/\.git\/?$/, '')
    .replace(/\/$/, '')
  const url = URL.canParse(address) && address.includes('://') ? new URL(address) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  // Of SSH, the port is not that of the pages.
  const host = isWeb ? url.host : (url?.hostname ?? /^(?:[^@/]*@)?([^/:]+):/.exec(address)?.[1])
  if (host === undefined || !/^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/.test(host)) return undefined
  return /^[\w./~-]+$/.test(path)
    ? `${url?.protocol === 'http:' ? 'http' : 'https'}://${host}/${path}`
    : undefined
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
