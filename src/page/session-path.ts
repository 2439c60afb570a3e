/** Paths of session pages. Keys hold slashes and whatever else agents put into them. */

const PREFIX = '/sessions/'

export function sessionPath(key: string): string {
  return `${PREFIX}${encodeURIComponent(key)}`
}

/** The key that a path of the browser names, undecoded as `location.pathname` has it. */
export function sessionKeyOf(pathname: string): string {
  try {
    return decodeURIComponent(pathname.slice(PREFIX.length))
  } catch {
    return pathname.slice(PREFIX.length)
  }
}
