/**
 * What is allowed in the settings and yet hardly meant: names that are almost ones of ours, values
 * that an example has left, keys of one file beside the address of another. Pure.
 */
import { MASK } from './config-problem.ts'
import { withoutUrlPasswords } from '../domain/url-password.ts'
import { environmentSchema, type VariableName } from './schema.ts'
import { SECRET_FILE_NAMES } from './secret-files.ts'
import { ENVIRONMENT, isBlank, type Settings } from './settings.ts'
import { variableNotes } from './variable.ts'

const names = Object.keys(environmentSchema.shape) as VariableName[]

/** Other programs have variables of nearly these names, too: in an environment they prove nothing. */
const COMMON_NAMES: readonly VariableName[] = ['API_KEY', 'DATA_DIR', 'LOG_LEVEL']

/** What belongs together: keys are valid at one address. */
const LANGFUSE_PROJECT = [
  'LANGFUSE_PUBLIC_KEY',
  'LANGFUSE_SECRET_KEY',
  'LANGFUSE_HOST',
  'LANGFUSE_BASE_URL',
] as const satisfies readonly VariableName[]

/** Read by docker-compose.yml, by Langfuse's SDKs, or by Langfuse itself. */
const KNOWN_TO_OTHERS =
  /^(STACK_.*|LANGFUSE_(WEB_PORT|WEB_HOST|ADMIN_.*|INIT_.*|S3_.*|DEBUG|ENABLED|FLUSH_AT|FLUSH_INTERVAL|LOG_LEVEL|MAX_RETRIES|SAMPLE_RATE|THREADS|TRACING_ENABLED))$/

/** One sentence for a person for each of them, without its secret. */
export function suspicionsOf(settings: Settings): readonly string[] {
  return [
    ...suspiciousNames(settings),
    ...suspiciousValues(settings),
    ...keysBesideAnotherAddress(settings),
    ...withoutEffect(settings),
    ...cutValues(settings),
  ]
}

function cutValues({ files, originOf }: Settings): string[] {
  return files.flatMap(({ path, cutAtHash = [] }) =>
    cutAtHash
      .filter((name) => isOurs(name) || SECRET_FILE_NAMES.includes(name))
      // Of a value of which nothing is left no origin is known.
      .filter((name) => !isOurs(name) || (originOf(name) ?? path) === path)
      .map(
        (name) =>
          `${name} in ${path} ends before a #, which begins a comment. If the # belongs to the value, put the value in quotes.`,
      ),
  )
}

/** Settings that do nothing unless another one is set, to a given word where there is one. */
const NEEDED: readonly (readonly [
  names: readonly VariableName[],
  needed: readonly VariableName[],
  word?: string,
])[] = [
  [['WATCH_CONTENT'], ['WATCH_TRANSCRIPTS'], 'on'],
  [
    ['EXPORT_OTLP_HEADERS', 'EXPORT_OTLP_PROTOCOL', 'EXPORT_OTLP_TIMEOUT'],
    ['EXPORT_OTLP_ENDPOINT', 'ROUTES_FILE'],
  ],
  [
    ['FORWARD_OTLP_HEADERS', 'FORWARD_OTLP_TIMEOUT', 'FORWARD_UNREDACTED'],
    ['FORWARD_OTLP_ENDPOINT', 'ROUTES_FILE'],
  ],
  [['DATABASE_READ_URL', 'DATABASE_POOL_SIZE', 'DATABASE_STATEMENT_TIMEOUT'], ['DATABASE_URL']],
]

function withoutEffect({ variables, originOf }: Settings): string[] {
  return NEEDED.flatMap(([names, needed, word]) => {
    const isMet = needed.some((name) => {
      const value = variables[name]
      return word === undefined ? !isBlank(value) : value?.trim().toLowerCase() === word
    })
    if (isMet) return []
    const condition = `${needed[0]} is not ${word ?? 'set'}`
    return names
      .filter((name) => !isBlank(variables[name]))
      .map((name) => `${name} in ${originOf(name) ?? ENVIRONMENT} has no effect: ${condition}.`)
  })
}

function suspiciousNames({ environment, files, variables }: Settings): string[] {
  const inEnvironment = Object.keys(environment).flatMap((name) => {
    const meant = nearlyOurs(name, isMisspelt)
    // Whoever has set it as it is read knows its name: the other is of another program.
    if (meant === undefined || !isBlank(variables[meant])) return []
    return [namedWrong(name, ENVIRONMENT, meant)]
  })
  const inFiles = files.flatMap(({ path, variables: given }) =>
    Object.keys(given).flatMap((name) => {
      const meant = nearlyOurs(name, isLike)
      return meant === undefined ? [] : [namedWrong(name, path, meant)]
    }),
  )
  return [...inEnvironment, ...inFiles]
}

function namedWrong(name: string, origin: string, meant: VariableName): string {
  return `${name} in ${origin} is not a setting and has no effect. Did you mean ${meant}?`
}

/** The nearest of our names among those that `fits` takes; `undefined` for a name that is known. */
function nearlyOurs(
  name: string,
  fits: (name: string, ours: VariableName, distance: number) => boolean,
): VariableName | undefined {
  const isKnown = isOurs(name) || SECRET_FILE_NAMES.includes(name) || KNOWN_TO_OTHERS.test(name)
  if (isKnown) return undefined
  let nearest: { readonly ours: VariableName; readonly distance: number } | undefined
  for (const ours of names) {
    const distance = editDistance(lettersOf(name), lettersOf(ours))
    if (distance >= (nearest?.distance ?? Number.POSITIVE_INFINITY) || !fits(name, ours, distance))
      continue
    nearest = { ours, distance }
  }
  return nearest?.ours
}

function isOurs(name: string): name is VariableName {
  return Object.hasOwn(environmentSchema.shape, name)
}

/** One slip in a name that no other program is likely to have, or two in a long one. */
function isMisspelt(_: string, ours: VariableName, distance: number): boolean {
  return !COMMON_NAMES.includes(ours) && distance <= (lettersOf(ours).length < 15 ? 1 : 2)
}

/** In a file of settings more is meant for us: also a word too many or too few behind the first. */
function isLike(name: string, ours: VariableName, distance: number): boolean {
  if (distance <= Math.floor(lettersOf(ours).length / 4)) return true
  const [given, wanted] = [wordsOf(name), wordsOf(ours)]
  if (given[0] !== wanted[0] || given.length < 2 || given.length > wanted.length + 1) return false
  const [fewer, more] = given.length < wanted.length ? [given, wanted] : [wanted, given]
  return fewer.every((word) => more.includes(word))
}

function wordsOf(name: string): string[] {
  return name.toUpperCase().split(/[^A-Z0-9]+/)
}

function lettersOf(name: string): string {
  return wordsOf(name).join('')
}

/** Characters that are added, left out, changed, or changed for their neighbour. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[beforeLast, last] = [last, current]
  }
  return last[b.length] ?? 0
}

const PLACEHOLDERS: readonly RegExp[] = [
  /\.\.\.|…/,
  // <your key>, ${KEY}, {{ key }}
  /^<.*>$|^\$\{.*\}$|^\{\{.*\}\}$/,
  /^([ps]k-lf-)?(x{3,}|\*{3,}|0{4,})$/i,
  /^([ps]k-lf-|https?:\/\/)?(your|insert|replace|change|paste|example)([-_. ]?(me|this|it)$|[-_. ])/i,
  /^([ps]k-lf-)?(changeme|placeholder|todo|fixme|null|undefined|none)$/i,
]

function suspiciousValues({ variables, originOf }: Settings): string[] {
  return names.flatMap((name) => {
    const value = variables[name]?.trim() ?? ''
    if (!PLACEHOLDERS.some((pattern) => pattern.test(value))) return []
    const isSecret = variableNotes.get(environmentSchema.shape[name])?.isSecret === true
    const shown = isSecret ? MASK : JSON.stringify(withoutUrlPasswords(value))
    return [`${name} in ${originOf(name)} is ${shown}, which looks like a placeholder.`]
  })
}

/** Files are merged, so a key could reach a Langfuse that it is not of. */
function keysBesideAnotherAddress({ files, originOf }: Settings): string[] {
  const isFile = (origin: string | undefined) => files.some(({ path }) => path === origin)
  const places = LANGFUSE_PROJECT.flatMap((name) => {
    const origin = originOf(name)
    return isFile(origin) ? [{ name, origin }] : []
  })
  if (new Set(places.map(({ origin }) => origin)).size < 2) return []
  const told = places.map(({ name, origin }) => `${name} in ${origin}`).join(', ')
  return [`The settings of one Langfuse project come from several files: ${told}.`]
}
