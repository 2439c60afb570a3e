/**
 * Which host names and addresses stand for this machine alone.
 */

const IPV4_LOOPBACK = /^127(?:\.\d{1,3}){3}$/

/** True for `localhost`, 127.0.0.0/8 and `::1`, the latter with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || name === '[::1]' || IPV4_LOOPBACK.test(name)
}
