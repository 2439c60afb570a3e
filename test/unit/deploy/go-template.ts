/**
 * As much of Go's templates, and of the functions that Helm adds, as the chart uses. What it does not
 * know is an error, so a template cannot use more than is checked here. Rendered side by side with
 * Go's own library when it was written.
 */
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

type Value = unknown
type Map_ = Readonly<Record<string, Value>>

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly code: string }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly code: string
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }

interface Scope {
  readonly dot: Value
  readonly root: Value
  readonly variables: ReadonlyMap<string, Value>
}

export interface Templates {
  /** Takes up the definitions of a file; gives its own text for these values. */
  render(text: string, root: Map_): string
}

export function createTemplates(): Templates {
  const defined = new Map<string, readonly Node[]>()

  function renderAll(nodes: readonly Node[], scope: Scope): string {
    return nodes.map((node) => renderOne(node, scope)).join('')
  }

  function renderOne(node: Node, scope: Scope): string {
    if (node.kind === 'text') return node.text
    if (node.kind === 'print') return printed(evaluate(node.code, scope))
    if (node.kind === 'if') {
      return renderAll(isTrue(evaluate(node.code, scope)) ? node.body : node.otherwise, scope)
    }
    if (node.kind === 'with') {
      const dot = evaluate(node.code, scope)
      if (!isTrue(dot)) return renderAll(node.otherwise, scope)
      return renderAll(node.body, { ...scope, dot })
    }
    const [, keyName, valueName, code = node.code] =
      /^(\$\w+)\s*,\s*(\$\w+)\s*:=\s*(.*)$/s.exec(node.code) ?? []
    return entriesOf(evaluate(code, scope))
      .map(([key, dot]) => {
        const variables = new Map(scope.variables)
        if (keyName !== undefined) variables.set(keyName, key)
        if (valueName !== undefined) variables.set(valueName, dot)
        return renderAll(node.body, { ...scope, dot, variables })
      })
      .join('')
  }

  function evaluate(code: string, scope: Scope): Value {
    const tokens = tokensOf(code)
    const value = pipeline(tokens, scope)
    if (tokens.length > 0) throw new Error(`left over in {{ ${code} }}: ${tokens.join(' ')}`)
    return value
  }

  function pipeline(tokens: string[], scope: Scope): Value {
    let value = command(tokens, scope, [])
    while (tokens[0] === '|') {
      tokens.shift()
      value = command(tokens, scope, [value])
    }
    return value
  }

  /** A value, or a function with its arguments; what was piped comes last. */
  function command(tokens: string[], scope: Scope, piped: readonly Value[]): Value {
    const [first = ''] = tokens
    const name = /^[a-zA-Z]\w*$/.test(first) && !isLiteral(first) ? first : undefined
    if (name !== undefined) tokens.shift()
    const values: Value[] = []
    while (tokens.length > 0 && tokens[0] !== '|' && tokens[0] !== ')') {
      values.push(operand(tokens, scope))
    }
    if (name === undefined) {
      if (values.length !== 1 || piped.length > 0) throw new Error(`not a function: ${first}`)
      return values[0]
    }
    return call(name, [...values, ...piped])
  }

  function operand(tokens: string[], scope: Scope): Value {
    const token = tokens.shift() ?? ''
    if (token === '(') {
      const value = pipeline(tokens, scope)
      if (tokens.shift() !== ')') throw new Error('a bracket is not closed')
      return value
    }
    if (token.startsWith('$')) return variable(token, scope)
    if (token.startsWith('.')) {
      const path = token.split('.').filter((part) => part !== '')
      return fieldOf(scope.dot, path)
    }
    return literal(token)
  }

  function variable(token: string, { root, variables }: Scope): Value {
    const [name = '', ...path] = token.split('.')
    if (name === '$') return fieldOf(root, path)
    if (!variables.has(name)) throw new Error(`unknown variable ${name}`)
    return fieldOf(variables.get(name), path)
  }

  function call(name: string, of: readonly Value[]): Value {
    if (name === 'include') {
      const nodes = defined.get(String(of[0]))
      if (nodes === undefined) throw new Error(`nothing is defined as ${String(of[0])}`)
      return renderAll(nodes, { dot: of[1], root: of[1], variables: new Map() })
    }
    const known = functions[name]
    if (known === undefined) throw new Error(`unknown function ${name}`)
    return known(...of)
  }

  return {
    render: (text, root) => {
      const { nodes, definitions } = parse(text)
      for (const [name, body] of definitions) defined.set(name, body)
      return renderAll(nodes, { dot: root, root, variables: new Map() })
    },
  }
}

const functions: Readonly<Record<string, (...of: readonly Value[]) => Value>> = {
  add: (...of) => of.reduce<number>((sum, each) => sum + Number(each), 0),
  and: (...of) => of.find((each) => !isTrue(each)) ?? of.at(-1),
  contains: (part, text) => String(text).includes(String(part)),
  default: (fallback, given) => (isTrue(given) ? given : fallback),
  dict: (...of) =>
    Object.fromEntries(
      of.flatMap((name, at) => (at % 2 === 0 ? [[String(name), of[at + 1]] as const] : [])),
    ),
  indent: (width, text) => indented(String(text), Number(width)),
  mul: (...of) => of.reduce<number>((product, each) => product * Number(each), 1),
  ne: (a, b) => a !== b,
  nindent: (width, text) => `\n${indented(String(text), Number(width))}`,
  or: (...of) => of.find(isTrue) ?? of.at(-1),
  sha256sum: (text) => createHash('sha256').update(String(text)).digest('hex'),
  toJson: (value) => JSON.stringify(value),
  not: (value) => !isTrue(value),
  printf: (format, ...of) => {
    let at = 0
    return String(format).replace(/%[sd]/g, () => String(of[at++]))
  },
  quote: (text) => JSON.stringify(String(text)),
  required: (message, value) => {
    if (value === undefined || value === '') throw new Error(String(message))
    return value
  },
  ternary: (yes, no, condition) => (condition === true ? yes : no),
  toYaml: (value) => stringify(value).trimEnd(),
  trimSuffix: (suffix, text) =>
    String(text).endsWith(String(suffix)) ? String(text).slice(0, -String(suffix).length) : text,
  trunc: (length, text) => String(text).slice(0, Number(length)),
}

function indented(text: string, width: number): string {
  return text.replaceAll(/^/gm, ' '.repeat(width))
}

function literal(token: string): Value {
  if (token.startsWith('"')) return JSON.parse(token) as string
  if (/^-?\d+$/.test(token)) return Number(token)
  if (isLiteral(token)) return token === 'true'
  throw new Error(`unknown: ${token}`)
}

function isLiteral(token: string): boolean {
  return token === 'true' || token === 'false'
}

function fieldOf(start: Value, path: readonly string[]): Value {
  let at = start
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) {
      throw new Error(`there is no ${path.join('.')}: every value has to stand in values.yaml`)
    }
    at = (at as Map_)[name]
  }
  return at
}

function entriesOf(value: Value): readonly (readonly [string | number, Value])[] {
  if (Array.isArray(value)) return value.map((each: Value, index) => [index, each])
  return Object.entries(value as Map_).sort(([a], [b]) => (a < b ? -1 : 1))
}

function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

function printed(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value)
  }
  throw new Error(`not printable: ${JSON.stringify(value)}`)
}

function tokensOf(code: string): string[] {
  const tokens = code.match(/"(?:[^"\\]|\\.)*"|[()|]|[^\s()|"]+/g) ?? []
  if (tokens.join('').length !== code.replaceAll(/\s(?=(?:[^"]*"[^"]*")*[^"]*$)/g, '').length) {
    throw new Error(`cannot be read: {{ ${code} }}`)
  }
  return tokens
}

interface Open {
  readonly kind: 'if' | 'with' | 'range' | 'define'
  readonly code: string
  readonly body: Node[]
  readonly otherwise: Node[]
  hasElse: boolean
}

function parse(text: string) {
  const definitions = new Map<string, readonly Node[]>()
  const nodes: Node[] = []
  const open: Open[] = []
  const target = (): Node[] => {
    const top = open.at(-1)
    return top === undefined ? nodes : top.hasElse ? top.otherwise : top.body
  }
  let at = 0
  let trimsNext = false
  const addText = (raw: string, trimsEnd: boolean): void => {
    let piece = trimsNext ? raw.trimStart() : raw
    if (trimsEnd) piece = piece.trimEnd()
    if (piece !== '') target().push({ kind: 'text', text: piece })
  }
  for (const found of text.matchAll(/\{\{(-)?\s*(.*?)\s*(-)?\}\}/gs)) {
    addText(text.slice(at, found.index), found[1] !== undefined)
    at = found.index + found[0].length
    trimsNext = found[3] !== undefined
    const code = found[2] ?? ''
    const [, word = '', rest = ''] = /^(if|with|range|define|else|end)\b\s*(.*)$/s.exec(code) ?? []
    const top = open.at(-1)
    if (word === '') target().push({ kind: 'print', code })
    else if (word === 'end') {
      const closed = open.pop()
      if (closed === undefined) throw new Error('an end too many')
      const { kind, body, otherwise } = closed
      if (kind === 'define') definitions.set(JSON.parse(closed.code) as string, body)
      else target().push({ kind, code: closed.code, body, otherwise })
    } else if (word === 'else') {
      if (top === undefined || rest !== '') throw new Error(`else is not expected: ${code}`)
      top.hasElse = true
    } else {
      const kind = word as Open['kind']
      open.push({ kind, code: rest, body: [], otherwise: [], hasElse: false })
    }
  }
  addText(text.slice(at), false)
  if (open.length > 0) throw new Error(`${open.at(-1)?.kind} is not closed`)
  return { nodes, definitions }
}
