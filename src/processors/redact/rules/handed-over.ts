/** Secrets that a shell hands to a command or a file: by a pipe, a here-string or a here-document. */
import type { MaskRule, Pass, SecretSpan } from '../rule.ts'
import { isPlaceholder } from './secret-value.ts'

/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`\\{0,15}["']`
/** A line end, also escaped. */
const LINE_END = String.raw`(?:\r?\n|\\+r\\+n|\\+n)`

/** Programs that read a secret from standard input when they are told to log in. */
const LOGIN = String.raw`(?:docker|podman|nerdctl|buildah|skopeo|oras|crane|regctl|helm|npm|yarn|pnpm|cargo|gh|glab|az|oc|vault|op|bw|heroku|vercel|fly|flyctl|wrangler|doctl|argocd|cf|netlify|supabase|hf|huggingface-cli|snyk|twine|gcrane|ibmcloud|tkn|dagger|railway|neonctl|turso|pulumi|terraform|gcloud)\b[^|;\n\\"']{0,60}? log-?in\b`
/** Programs and options that do so at once. */
const READER = String.raw`(?:chpasswd|passwd|smbpasswd|cryptsetup|sudo -S|su\b|gh secret set|glab variable set|fly secrets|flyctl secrets|wrangler secret|vercel env add|docker secret create|podman secret create|secret-tool store|pass insert|gpg\b|htpasswd -\w{0,3}i|ssh-add|wg (?:set|pubkey))`
const OPTION = String.raw`(?:--password-stdin|--passwordstdin|--with-token|--passphrase-fd|--password-file[ =](?:-|/dev/stdin)|--token-stdin|--stdin\b|-pass(?:in|out)? (?:stdin|fd:)|sudo -S)`
/** Files whose names say that they hold a secret. */
const SECRET_FILE = String.raw`${QUOTE}?[\w./~$\{\}@:+-]{0,120}(?:passw(?:or)?d|secret|token|credential|\.pgpass|\.netrc|\.htpasswd|api[_-]?key|private[_-]?key|passphrase|\bpw\b|\bpass\b)[\w./-]{0,60}`
const SINK = String.raw`(?: {0,4}(?:\\{1,15}${LINE_END} {0,8})?\|(?:\s|\\+n|\\){0,10}(?:sudo (?:-[A-RT-Za-z]{1,3} ){0,2})?(?:[\w./-]{0,60}/)?(?:${LOGIN}|${READER}|tee (?:-a )?${SECRET_FILE}|[^|;\n]{0,200}?${OPTION})| {0,4}>{1,2} {0,2}${SECRET_FILE})`

const ECHO = new RegExp(
  String.raw`((?:echo|printf|write-output)(?: -[neE]{1,3})? {1,4}(?:${QUOTE}(?:%s|%b)(?:\\+n)?${QUOTE} {1,4})?(?:${QUOTE})?(?:[\w.-]{1,64}:(?=[^\s"']{4,200}(?:${QUOTE})? {0,4}\| {0,4}(?:sudo )?chpasswd))?)([^\s"'\x60|>$]{4,400})(?:\\+n)?(?:${QUOTE})?(?=${SINK})`,
  'iy',
)

/** `echo secret | docker login`, `printf %s secret > password.txt`. */
function echoedAt(text: string, at: number): SecretSpan | undefined {
  ECHO.lastIndex = at
  const [, kept = '', found = ''] = ECHO.exec(text) ?? []
  // The backslashes of an escaped quote.
  const value = found.replace(/\\+n?$/, '')
  if (value.length < 4 || isPlaceholder(value)) return undefined
  return { from: at + kept.length, to: at + kept.length + value.length }
}

const HERE_STRING = new RegExp(String.raw`(<<<[ \t]{0,4}(?:${QUOTE})?)([^\s"'\\\x60$]{4,400})`, 'y')
const HERE_DOCUMENT = new RegExp(
  String.raw`(<<[-~]?[ \t]{0,2}(?:${QUOTE})?([A-Za-z_]\w{1,24})(?:${QUOTE})?([^\n\\<]{0,160}?)${LINE_END})`,
  'y',
)
const READS = new RegExp(String.raw`(?:${LOGIN}|(?:^|[ |])${READER}|${OPTION})`)
const WRITES = new RegExp(String.raw`(?:>{1,2}|tee(?: -a)?) {0,2}${SECRET_FILE}`, 'i')

const LESS = 0x3c
const MAX_LINE = 200
const MAX_DOCUMENT = 8000

/** The command line before a place in it. */
function lineBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - MAX_LINE), at)
  return before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\\n')) + 1)
}

/** Whether a login stands before a place in its line. Where none does, so much is not read again. */
function createReadBefore(): (text: string, at: number, pass: Pass) => boolean {
  let lastPass: Pass | undefined
  let lastAt = 0

  return (text, at, pass) => {
    const isNext = pass === lastPass && at - lastAt < MAX_LINE
    const from = isNext ? lastAt - LONGEST_SIGN : at - MAX_LINE
    if (SIGN.test(text.slice(Math.max(0, from), at))) return READS.test(lineBefore(text, at))
    lastPass = pass
    lastAt = at
    return false
  }
}

/** What each of those that read a secret has in it. */
const SIGN =
  /log-?in|passw|secret|stdin|-token|-fd|cryptsetup|sudo -S|\bsu\b|insert|gpg|ssh-add|wg |env add|variable/
const LONGEST_SIGN = 12

const isReadBefore = createReadBefore()

/** The word behind `<<<`, and the lines behind `<<EOF`, where a login or a file of secrets takes them. */
function hereAt(text: string, at: number, _end: number, pass: Pass): SecretSpan | undefined {
  if (text.charCodeAt(at - 1) === LESS) return undefined
  HERE_STRING.lastIndex = at
  const [, sign = '', word = ''] = HERE_STRING.exec(text) ?? []
  if (word !== '') {
    if (isPlaceholder(word) || !isReadBefore(text, at, pass)) return undefined
    return { from: at + sign.length, to: at + sign.length + word.length }
  }
  HERE_DOCUMENT.lastIndex = at
  const [, head = '', end = '', rest = ''] = HERE_DOCUMENT.exec(text) ?? []
  // An odd quote ends a string of JSON, and the next line is another's.
  if (end === '' || rest.split('"').length % 2 === 0) return undefined
  const line = lineBefore(text, at) + rest
  if (!READS.test(line) && !WRITES.test(line)) return undefined
  const from = at + head.length
  const body = text.slice(from, from + MAX_DOCUMENT)
  const close = new RegExp(String.raw`${LINE_END}[ \t]{0,20}${end}\b`).exec(body)
  const to = close?.index ?? /["'\x60]|\\+["']|$/.exec(body)?.index ?? 0
  return isPlaceholder(body.slice(0, to).trim()) ? undefined : { from, to: from + to }
}

export const handedOverRules: readonly MaskRule[] = [
  { id: 'password', keywords: ['echo ', 'printf ', 'write-output '], find: echoedAt },
  { id: 'password', keywords: ['<<'], find: hereAt },
]
