/**
 * Takes user and password out of the URLs in a text that people get to see: errors, logs, findings.
 * Pure.
 */

const MASK = '(hidden)'

/**
 * A scheme, and what stands before the last `@` of the authority. The second form is a password that
 * should have been percent-encoded, with a slash or the like in it: no URL, but a secret all the
 * same. A colon that only leads to a port is none of a password. Bounded, so that it takes linear
 * time.
 */
const USER_INFO = new RegExp(
  String.raw`(\b[a-z][a-z0-9+.-]{0,30}:\/\/)` +
    String.raw`(?:[^\s/?#"'<>\\]{1,300}@|[^\s/?#:"'<>\\]{0,100}:(?!\d{1,5}(?:[/?#]|$))[^\s"'<>\\]{0,300}@)`,
  'gi',
)

/** `https://user:password@host` becomes `https://(hidden)@host`; all else stays. */
export function withoutUrlPasswords(text: string): string {
  return text.includes('@') ? text.replace(USER_INFO, `$1${MASK}@`) : text
}
