/** Passwords on command lines, which stand behind an option whose meaning only its command tells. */
import { type MaskRule, type Pass, patternRule, type SecretSpan } from '../rule.ts'
import { isLongOrRandom, isPlaceholder } from './secret-value.ts'

/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`\\{0,15}["'\x60]`
/** An argument, quoted or not; alternatives so that a quoted one may hold what ends an unquoted one. */
const ARGUMENT = String.raw`(?:\\{0,15}"[^"\\\n]{4,1000}|\\{0,15}'[^'\\\n]{4,1000}|[^\s"'\\\x60|;&<>]{4,1000})`

/** Longest part of a command line in which its option is looked for. */
const MAX_COMMAND = 300

/**
 * A rule for an option of a command. Of a command line that was looked through no part is looked
 * through again, however often the command's name stands in it.
 */
function commandRule(id: string, commands: readonly string[], option: string): MaskRule {
  const pattern = new RegExp(`( ${option})(${ARGUMENT})`, 'y')
  let lastPass: Pass | undefined
  let lastFrom = 0
  let lastTo = 0

  function optionIn(text: string, from: number, pass: Pass): SecretSpan | undefined {
    const limit = Math.min(text.length, from + MAX_COMMAND)
    let i = from
    for (; i < limit; i += 1) {
      const code = text.charCodeAt(i)
      // The next line or command. A line that is continued is the same command.
      if (code === 0x0a && text.charAt(i - 1) !== '\\') break
      if (code === 0x7c || code === 0x3b) break
      if (code !== 0x20) continue
      pattern.lastIndex = i
      const match = pattern.exec(text)
      if (match === null) continue
      const [, kept = '', argument = ''] = match
      const quote = /^\\{0,15}["']/.exec(argument)?.[0].length ?? 0
      if (isPlaceholder(argument.slice(quote))) continue
      return { from: i + kept.length + quote, to: pattern.lastIndex }
    }
    lastPass = pass
    lastFrom = from
    lastTo = i
    return undefined
  }

  return {
    id,
    keywords: commands,
    find: (text, at, end, pass) => {
      if (pass === lastPass && end >= lastFrom && end < lastTo) return undefined
      const before = text.charCodeAt(at - 1)
      const isWord = (before >= 0x61 && before <= 0x7a) || before === 0x2d || before === 0x5f
      return isWord && !/\\[nrt]$/.test(text.slice(Math.max(0, at - 2), at))
        ? undefined
        : optionIn(text, end, pass)
    },
  }
}

const ECHO =
  /(?:echo|printf)(?: -[neE]{1,3})? (?:\\{0,15}["'](?:%s["'] ["']?)?)?(?:[\w.-]{1,64}:)?([^\s"'\\$|]{4,200})(?:\\{0,15}["'])? ?\| ?[^|]{0,120}$/

/** `echo password | docker login --password-stdin`, `| sudo -S`, `| chpasswd`. */
function pipedAt(text: string, at: number): SecretSpan | undefined {
  const begin = Math.max(0, at - 400)
  const before = text.slice(begin, at)
  const echo = Math.max(before.lastIndexOf('echo '), before.lastIndexOf('printf '))
  if (echo === -1) return undefined
  const match = ECHO.exec(before.slice(echo))
  if (match === null || isPlaceholder(match[1] ?? '')) return undefined
  const from = begin + echo + match[0].indexOf(match[1] ?? '')
  return { from, to: from + (match[1]?.length ?? 0) }
}

const USER = /[A-Za-z0-9._%+-]{1,64}:([^\s:@"'/\\]{4,200})$/

/** `user:password@tcp(host)` of Go's database drivers. */
function driverAt(text: string, at: number): SecretSpan | undefined {
  const match = USER.exec(text.slice(Math.max(0, at - 265), at))
  const password = match?.[1] ?? ''
  return password === '' || isPlaceholder(password)
    ? undefined
    : { from: at - password.length, to: at }
}

const TOKEN_USER = new RegExp(
  String.raw`(-u ${QUOTE}?)([A-Za-z0-9_-]{16,200}):?(?=["'\s\\]|$)`,
  'y',
)

/** `curl -u token:`, where the token is the user. */
function tokenUserAt(text: string, at: number): SecretSpan | undefined {
  TOKEN_USER.lastIndex = at
  const [, kept = '', user = ''] = TOKEN_USER.exec(text) ?? []
  if (user === '' || !isLongOrRandom(user)) return undefined
  return { from: at + kept.length, to: at + kept.length + user.length }
}

export const commandRules: readonly MaskRule[] = [
  patternRule(
    'password',
    ['ConvertTo-SecureString', 'convertto-securestring'],
    String.raw`([A-Za-z-]{22} (?:-String )?${QUOTE})(?![$<])[^"'\\\n]{4,}`,
  ),
  patternRule(
    'password',
    ['PSCredential(', 'NetworkCredential('],
    String.raw`([A-Za-z]{12,17}\(${QUOTE}[^"'\\\n]{1,100}${QUOTE}, ?${QUOTE})[^"'\\\n]{4,}`,
  ),
  commandRule(
    'mysql-password',
    ['mysql', 'mysqldump', 'mysqladmin', 'mysqlimport', 'mariadb'],
    String.raw`-p(?=[^\s]{5})(?!rotocol|ort|lugin|ager|assword|rint|hp)`,
  ),
  commandRule(
    'docker-login-password',
    ['docker login', 'podman login', 'registry login', 'az login', 'oc login', 'nerdctl login'],
    '-p[ =]',
  ),
  commandRule('redis-password', ['redis-cli'], '(?:-a|AUTH|auth) '),
  commandRule(
    'mongodb-password',
    ['mongo', 'mongosh', 'mongodump', 'mongorestore', 'mongoimport', 'mongoexport'],
    '-p ',
  ),
  commandRule('sql-password', ['sqlcmd', 'bcp'], '-P ?'),
  commandRule(
    'ldap-password',
    ['ldapsearch', 'ldapmodify', 'ldapadd', 'ldapdelete', 'ldapwhoami', 'ldappasswd'],
    '-w ?',
  ),
  commandRule('archive-password', ['zip', 'unzip'], '-P ?'),
  commandRule('archive-password', ['7z', '7za', 'unrar', 'rar'], '-p'),
  commandRule(
    'smb-password',
    ['smbclient', 'rpcclient', 'smbmap'],
    String.raw`-U ${QUOTE}?[^\s%"']{1,80}%`,
  ),
  commandRule(
    'curl-user',
    ['curl', 'wget'],
    String.raw`-[a-zA-Z]{1,6}u ?${QUOTE}?[A-Za-z0-9._@+-]{1,100}:`,
  ),
  commandRule(
    'curl-user',
    ['http', 'https', 'xh'],
    String.raw`(?:-a|--auth)[ =]${QUOTE}?[A-Za-z0-9._@+-]{1,100}:`,
  ),
  commandRule(
    'password',
    ['htpasswd'],
    String.raw`-[a-zA-Z]{0,4}b[a-zA-Z]{0,4} [^\s]{1,80} [^\s]{1,80} `,
  ),
  commandRule(
    'secret',
    [
      'secret set',
      'secrets put',
      'secret put',
      'env add',
      'put-parameter',
      'secretsmanager',
      'secrets set',
    ],
    String.raw`(?:-b|--body|--value|--secret-string|--data)[ =]`,
  ),
  {
    id: 'password',
    keywords: [
      '--password-stdin',
      'sudo -s',
      'chpasswd',
      '| passwd',
      'vercel env add',
      'gh secret set',
      'wrangler secret put',
      'fly secrets',
      'gh auth login',
    ],
    find: pipedAt,
  },
  { id: 'url-password', keywords: ['@tcp(', '@unix('], find: driverAt },
  { id: 'curl-user', keywords: ['-u '], find: tokenUserAt },
  patternRule('sshpass-password', 'sshpass', String.raw`(sshpass -p ?${QUOTE}?)[^\s"'\\]{3,}`),
  commandRule('psexec-password', ['psexec', 'psexec64', 'psexec.exe', 'psexec64.exe'], '-p '),
  commandRule('openssl-password', ['openssl enc', 'openssl aes-', 'openssl des'], '-k '),
  commandRule(
    'keychain-password',
    ['add-generic-password', 'add-internet-password'],
    '-[a-zA-Z]{0,3}w ',
  ),
  // `net use [z:] \\\\server\\share password`; an option in its place begins with a slash.
  commandRule('password', ['net use'], String.raw`\\{2,64}[^\s"']{1,200} (?![/*])`),
  patternRule(
    'openssl-password',
    ['-pass pass:', '-passin pass:', '-passout pass:'],
    String.raw`(-pass(?:in|out)? pass:)[^\s"'\\]{4,}`,
  ),
  patternRule(
    'keystore-password',
    [
      '-storepass ',
      '-keypass ',
      '-srcstorepass ',
      '-deststorepass ',
      '-srckeypass ',
      '-destkeypass ',
    ],
    String.raw`(-[a-z]{7,13} ${QUOTE}?)[^\s"'\\]{4,}`,
  ),
  patternRule(
    'redis-password',
    ['requirepass ', 'masterauth '],
    String.raw`([a-z]{10,11} ${QUOTE}?)(?!your|<|\$)[^\s"'\\]{5,}`,
  ),
  patternRule(
    'password',
    '/user:',
    String.raw`(/user:[^\s"'\\]{1,80} )(?=[^\s]{0,40}\d)[^\s"'\\/]{6,}`,
  ),
  patternRule(
    'snmp-community',
    'snmp-server community',
    String.raw`(snmp-server community )[^\s"'\\]{5,}`,
  ),
]
