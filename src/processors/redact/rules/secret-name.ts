/**
 * Names that say of what they hold that it is secret, in any of the ways in which names are written:
 * `DB_PASSWORD`, `dbPassword`, `db.password`, `x-api-key`. Pure.
 *
 * A name is taken apart into its words, and its last words decide. In names of an environment, which
 * people extend (`GITHUB_TOKEN_2`, `SECRET_KEY_BASE`), any word may.
 */

const PASSWORDS = new Set([
  'password',
  'passwd',
  'passwort',
  'passphrase',
  'passcode',
  'pwd',
  'pass',
  'pgpassword',
  'userpassword',
  'dbpassword',
  'sshpass',
  'pw',
  'psk',
])
const SECRETS = new Set([
  'secret',
  'secrets',
  'token',
  'apikey',
  'credential',
  'creds',
  'credentials',
  'authtoken',
  'accesstoken',
  'clientsecret',
  'secretkey',
  'accesskey',
  'privatekey',
  'authkey',
  'apitoken',
  'accountkey',
  'sharedaccesskey',
  'signingkey',
  'encryptionkey',
  'masterkey',
  'licensekey',
  'subscriptionkey',
  'presharedkey',
  'authident',
  'mnemonic',
  'salt',
  'pepper',
  'jwt',
])
/** What makes a key one that is secret. */
const QUALIFIERS = new Set(
  'api access secret private signing encryption master account license auth shared subscription client consumer app application service admin deploy server storage webhook hmac jwt csrf cipher crypto aes des rsa ssh gpg pgp tls ssl aws gcp azure stripe openai anthropic github gitlab slack sendgrid twilio datadog dd sentry algolia mapbox firebase fcm heroku cloudflare npm pypi hf huggingface mistral cohere gemini groq deepseek pinecone supabase langfuse mailgun mailchimp rest bot live preshared totp otp write read user db database backup wallet mnemonic vault integration ingest'.split(
    ' ',
  ),
)
/** Last words of names that speak about a secret and hold none. */
const ABOUT = new Set(
  'file path dir url uri endpoint host port name names type ttl age expiry expires expiration length size count limit limits max min enabled required algorithm algo format header prefix suffix field column policy rotation version region index cache usage budget cost price timeout interval label hint message error status input placeholder regex pattern arn ref binding bindings code event events id ids kind mode provider method source exists valid invalid missing changed reset sock socket'.split(
    ' ',
  ),
)
/** Keys and tokens that are public, or locate something. */
const HARMLESS_BEFORE = new Set(
  'public publishable primary foreign sort partition cache map hash unique composite group order i18n translation hot arrow idempotency dedup dedupe series route lookup bucket object row next page continuation sync resume prev previous cancellation'.split(
    ' ',
  ),
)
/** Words that may follow without changing what a name holds. */
const TRAILING = new Set(
  'data value b64 base64 prod production dev development staging test live base old new default primary secondary'.split(
    ' ',
  ),
)
/** Whose `pass` is a password: `dbPass`, `smtp.pass`. */
const PASS_OF = new Set(
  'db database user smtp ftp sftp mysql postgres pg admin root redis mongo ssh mail email imap proxy auth basic http login sudo key store keystore truststore ldap wifi my become'.split(
    ' ',
  ),
)
const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]*$/
const DIGITS = /\d+$/

/** `dbPasswordHash` → db, password, hash. */
function wordsOf(name: string): string[] {
  const isOneCase = ENVIRONMENT_NAME.test(name)
  const parts = isOneCase ? name : name.replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return parts
    .toLowerCase()
    .split(/[_.-]+/)
    .filter((word) => word !== '')
}

function bare(word: string | undefined): string {
  return word === undefined ? '' : word.replace(DIGITS, '')
}

/** What a name says of its value. */
export interface SecretName {
  readonly isSecret: boolean
  /** Its secret is a password, which may be a plain word. */
  readonly isPassword: boolean
  /** `CACHE_KEY`, `auth`, `pass`: secret only where the value looks so. */
  readonly isPlainKey: boolean
  /** Written as in an environment. */
  readonly isEnvironment: boolean
}

/** Names come again and again. */
const known = new Map<string, SecretName>()
const MAX_KNOWN = 5000
/** Longer ones are not read as names. */
const MAX_NAME = 200

let lastName = ''
let lastAnswer: SecretName | undefined

export function secretNameOf(name: string): SecretName {
  // Of one place it is asked several times.
  if (lastAnswer !== undefined && name === lastName) return lastAnswer
  lastAnswer = known.get(name) ?? learned(name)
  lastName = name
  return lastAnswer
}

function learned(name: string): SecretName {
  // `env.API_KEY`: the name of a variable as a member.
  const member = name.slice(name.lastIndexOf('.') + 1)
  const own = ENVIRONMENT_NAME.test(member) ? member : name
  const words = wordsOf(own.slice(-MAX_NAME))
  const found = {
    isSecret: decide(own, [...words]),
    isPassword: words.some((word) => PASSWORDS.has(bare(word))),
    isPlainKey: isPlainKey(own, words),
    isEnvironment: ENVIRONMENT_NAME.test(own),
  }
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(name, found)
  return found
}

function isPlainKey(name: string, words: readonly string[]): boolean {
  const last = bare(words.at(-1))
  if (last === 'key') return !QUALIFIERS.has(words.at(-2) ?? '')
  return words.length === 1 && !ENVIRONMENT_NAME.test(name) && PLAIN_NAMES.has(name)
}

/** Which mean other things as often: `pass: 12`, `auth: none`. */
const PLAIN_NAMES = new Set(['auth', 'pass'])

function isKeyId(words: readonly string[]): boolean {
  return bare(words.at(-1)) === 'id' && words.at(-2) === 'key' && words.at(-3) === 'access'
}

function decide(name: string, words: string[]): boolean {
  while (words.length > 1 && isTrailing(words.at(-1) ?? '')) words.pop()
  const last = bare(words.at(-1))
  const before = words.at(-2) ?? ''
  const isEnvironment = ENVIRONMENT_NAME.test(name)
  if (isKeyId(words)) return true
  if (ABOUT.has(last)) return false
  if (HARMLESS_BEFORE.has(before) && (last === 'key' || last === 'token')) return false
  if (last === 'seed') return before === 'totp' || before === 'otp' || before === 'wallet'
  if (PLAIN_NAMES.has(name)) return true
  if (last === 'pass' && !isEnvironment) return PASS_OF.has(before)
  if (isSecretWord(last) || (last === 'key' && QUALIFIERS.has(before))) return true
  if (last === 'auth' && name.endsWith('_auth') && words.length === 1) return true
  return isEnvironment && isSecretInEnvironment(words, last)
}

function isTrailing(word: string): boolean {
  return TRAILING.has(word) || /^\d+$/.test(word)
}

function isSecretInEnvironment(words: readonly string[], last: string): boolean {
  if (last === 'key' || last === 'auth' || last === 'dsn') return true
  if (last === 'keys' && QUALIFIERS.has(words.at(-2) ?? '')) return true
  if (last === 'passwords' || last === 'secrets') return true
  return words.some((word) => bare(word) !== 'pw' && isSecretWord(bare(word)))
}

function isSecretWord(word: string): boolean {
  return PASSWORDS.has(word) || SECRETS.has(word)
}
