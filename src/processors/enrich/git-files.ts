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
    // Azure DevOps has it before the name, as the addresses of its pull requests do.
    .filter((part) => part !== '' && part !== '_git')
  if (parts.length < 2) return undefined
  const name = parts.slice(-2).join('/')
  return isPlain(name, remote) ? name : undefined
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
  const azure = pageOfAzureSsh(address, path)
  if (azure !== undefined) return azure
  const url = URL.canParse(address) && address.includes('://') ? new URL(address) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  // Of SSH, the port is not that of the pages.
  const host = isWeb ? url.host : (url?.hostname ?? /^(?:[^@/]*@)?([^/:]+):/.exec(address)?.[1])
  if (host === undefined || !/^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/.test(host)) return undefined
  return isPlain(path, address)
    ? `${url?.protocol === 'http:' ? 'http' : 'https'}://${host}/${path}`
    : undefined
}

const AZURE = /(?:^|[@/.])(?:dev\.azure|visualstudio)\.com[:/]/i

/** Projects of Azure DevOps may have spaces in their names; elsewhere an escape is none of a forge. */
function isPlain(path: string, remote: string): boolean {
  return (AZURE.test(remote) ? /^[\w./~%-]+$/ : /^[\w./~-]+$/).test(path)
}

/** Azure DevOps has other hosts and paths for SSH than for its pages. */
function pageOfAzureSsh(address: string, path: string): string | undefined {
  const host = /@(?:(ssh\.dev\.azure\.com)|vs-ssh\.visualstudio\.com)[:/]/.exec(address)
  const [, owner, project, name] = /^v3\/([\w.%-]+)\/([\w.%-]+)\/([\w.%-]+)$/.exec(path) ?? []
  if (host === null || owner === undefined) return undefined
  const base =
    host[1] === undefined ? `https://${owner}.visualstudio.com` : `https://dev.azure.com/${owner}`
  return `${base}/${project}/_git/${name}`
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
