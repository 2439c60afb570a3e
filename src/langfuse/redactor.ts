/**
 * Keeps secrets out of texts that end in logs, in /health or in the store: a server's error
 * page may well repeat the request it did not like.
 */

/** A function that replaces every one of `secrets` in a text. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const present = secrets.filter((secret) => secret !== '')
  return (text) => present.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}
