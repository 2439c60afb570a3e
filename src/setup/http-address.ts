/** Addresses of a bridge on this machine. Loads nothing, since a status line has no time for it. */

/** A bridge that listens on every address is found on loopback. */
export function localName(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '')
  return ['0.0.0.0', '::'].includes(bare) ? '127.0.0.1' : bare
}

/** A host as it stands in a URL. */
export function authority(name: string): string {
  return name.includes(':') ? `[${name}]` : name
}

/** `http://127.0.0.1:4318` of a bridge that listens on `host` without TLS. */
export function httpAddress(host: string, port: number): string {
  return `http://${authority(localName(host))}:${port}`
}
