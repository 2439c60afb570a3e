/** Damage to a request in JSON: to its tree, then to its text. */
import type { Random } from './random.ts'

type Container = Record<string | number, unknown>

const ABSURD_TIMES = ['0', '-1', '18446744073709551615', '18446744073709551616', '9'.repeat(60)]
const HOSTILE_KEYS = ['__proto__', 'constructor', 'toString', '', 'stringValue', 'values', '\u0000']
const HOSTILE_TEXTS = ['', '\u0000', '\ud800', 'NaN', '1e999', '-0', '0x10', '\u{1f600}'.repeat(50)]
const LONG_TEXT = 'x'.repeat(100_000)
const FEW_COPIES = 4
const MANY_COPIES = 1000
const MAX_DEPTH = 3000

/** A damaged copy, as the bytes to send. */
export function mutatedJson(body: object, random: Random): Buffer {
  const tree = structuredClone(body) as Container
  const rounds = 1 + random.below(3)
  for (let round = 0; round < rounds; round += 1) damageTree(tree, random)
  return damagedText(JSON.stringify(tree), random)
}

function damageTree(tree: Container, random: Random): void {
  const [container, key] = place(tree, random)
  const value = container[key]
  switch (random.below(8)) {
    case 0:
      delete container[key]
      break
    case 1:
      Object.defineProperty(container, random.pick(HOSTILE_KEYS), {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
      break
    case 2:
      container[key] = random.pick(ABSURD_TIMES)
      break
    case 3:
      container[key] = random.pick(HOSTILE_TEXTS)
      break
    case 4: {
      const most = random.chance(0.02) ? MANY_COPIES : FEW_COPIES
      container[key] = Array.from({ length: random.below(most) }, () => value)
      break
    }
    case 5:
      container[key] = random.chance(0.02) ? LONG_TEXT : [value]
      break
    default:
      container[key] = random.pick<unknown>([null, true, 0, -1, 1.5, 1e300, {}, [], [null], value])
  }
}

/** A random place in the tree, deep places as likely as flat ones. */
function place(tree: Container, random: Random): readonly [Container, string] {
  let container = tree
  for (;;) {
    const keys = Object.keys(container)
    const key = keys.length === 0 ? 'empty' : random.pick(keys)
    const value = container[key]
    if (typeof value !== 'object' || value === null || random.chance(0.15)) return [container, key]
    container = value as Container
  }
}

function damagedText(text: string, random: Random): Buffer {
  switch (random.below(12)) {
    case 0:
      return Buffer.from(text).subarray(0, random.below(text.length))
    case 1:
      return Buffer.from(text.replace('{', '{"resourceLogs":[],"resourceSpans":null,'))
    case 2: {
      const bytes = Buffer.from(text)
      bytes[random.below(bytes.length)] = random.pick([0x00, 0xff, 0xc0, 0x22, 0x5d])
      return bytes
    }
    case 3: {
      const depth = random.below(random.chance(0.1) ? MAX_DEPTH : 50)
      const deep = `${'{"arrayValue":{"values":['.repeat(depth)}${']}}'.repeat(depth)}`
      return Buffer.from(text.replace(/\{"stringValue":"[^"]*"\}/, deep))
    }
    default:
      return Buffer.from(text)
  }
}
