/** Who, where and under which labels: the newest record by its own time is believed. */
import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/domain/identity.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { at, call, fresh, policy, run } from './events.ts'

/** A record of that second, which arrives later by so many. */
function told(
  seconds: number,
  identity: Identity,
  resource: Readonly<Record<string, string>> = {},
  arrivesAfter = 0,
): SessionInput {
  const item = call(seconds, `r${seconds}`, { identity })
  return { kind: 'record', item, resource, atMs: at(seconds + arrivesAfter) }
}

const withTeam = (seconds: number, name: string, arrivesAfter = 0): SessionInput =>
  told(
    seconds,
    { labels: { team: name } },
    { team: name, 'host.name': `host of ${name}` },
    arrivesAfter,
  )

const teamOf = ({ identity, attributes }: SessionState) => [
  identity.labels?.team,
  attributes.team,
  attributes['host.name'],
]

const throughStorage = (inputs: readonly SessionInput[]): SessionState =>
  inputs.reduce<SessionState>(
    (state, input) =>
      JSON.parse(JSON.stringify(reduce(state, [input], policy).state)) as SessionState,
    fresh(),
  )

describe.each([
  ['in one step', (inputs: readonly SessionInput[]) => reduce(fresh(), inputs, policy).state],
  ['step by step', (inputs: readonly SessionInput[]) => run(inputs).state],
  ['with a restart between each two', throughStorage],
])('what is told %s', (_, fold) => {
  test('ends as the newest says, also when that is what the first said', () => {
    const state = fold([withTeam(1, 'A'), withTeam(2, 'B'), withTeam(3, 'A')])
    expect(teamOf(state)).toEqual(['A', 'A', 'host of A'])
  })

  test('has names that every object has as names like others', () => {
    const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty']
    const values = (of: string) => Object.fromEntries(names.map((name) => [name, `${of} ${name}`]))
    const { attributes, toldMs } = fold([
      told(5, { labels: { team: 'A' } }, values('new')),
      told(3, { labels: { team: 'A' } }, values('old'), 10),
      told(6, { labels: { team: 'A' } }, {}),
    ])
    expect(attributes).toMatchObject(values('new'))
    expect(Object.keys(attributes)).toEqual(expect.arrayContaining(names))
    for (const name of names) expect(toldMs.labels).toHaveProperty(name, at(5))
    const none = fold([told(1, { labels: { team: 'A' } })])
    expect(Object.keys(none.attributes)).not.toEqual(expect.arrayContaining(['constructor']))
  })

  test('is not changed by what is older and comes late', () => {
    const state = fold([withTeam(1, 'A'), withTeam(5, 'A'), withTeam(3, 'B', 10)])
    expect(teamOf(state)).toEqual(['A', 'A', 'host of A'])
  })

  test('is taken from what is older where nothing newer tells it', () => {
    const state = fold([
      withTeam(5, 'A'),
      told(3, { terminal: 'vscode', labels: { branch: 'main' } }),
    ])
    expect(state.identity).toMatchObject({
      terminal: 'vscode',
      labels: { team: 'A', branch: 'main' },
    })
  })

  test('keeps who it is when a newer record names nobody', () => {
    const ada = { userId: 'ada@example.com' }
    const state = fold([told(1, { userId: 'anonymous' }), told(2, ada), told(3, {})])
    expect(state.identity.userId).toBe('ada@example.com')
  })

  test('keeps the newest user whatever order the records come in', () => {
    const state = fold([told(9, { userId: 'ada' }), told(2, { userId: 'anonymous' })])
    expect(state.identity.userId).toBe('ada')
  })
})

test('labels are the same object as long as nothing of them is new', () => {
  const first = run([withTeam(1, 'A')]).state
  const second = run([withTeam(2, 'A'), withTeam(3, 'A')], first).state
  expect(second.attributes).toBe(first.attributes)
  expect(second.identity).toBe(first.identity)
})

describe('attributes', () => {
  const resource = (count: number, prefix: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, 'x']))

  test('are bounded; those told last stay', () => {
    const state = run([told(1, {}, resource(128, 'old')), told(2, {}, resource(3, 'new'))]).state
    expect(Object.keys(state.attributes)).toHaveLength(128)
    expect(state.attributes).toMatchObject({ new0: 'x', new1: 'x', new2: 'x' })
  })

  test('of a resource with too many stay the same', () => {
    const first = run([told(1, {}, resource(300, 'k'))]).state
    const second = run([told(2, {}, resource(300, 'k'))], first).state
    expect(Object.keys(first.attributes)).toHaveLength(128)
    expect(second.attributes).toBe(first.attributes)
  })

  test('of a resource with too many keep those that reports group by', () => {
    const labels = { ...resource(60, 'l'), team: 'a', project: 'b', repository: 'c' }
    const state = run([told(1, { labels }, { ...resource(300, 'k'), ...labels })]).state
    const read = { team: 'a', project: 'b', repository: 'c' }
    expect(state.attributes).toMatchObject(read)
    expect(state.identity.labels).toMatchObject(read)
  })

  test('are text, and none that is too long', () => {
    const state = run([
      {
        kind: 'record',
        item: call(1, 'r1'),
        resource: { n: 1, list: ['x'], long: 'x'.repeat(1001) },
        atMs: at(1),
      },
    ]).state
    expect(state.attributes).toEqual({ n: '1', list: '["x"]' })
  })

  test('may have any name', () => {
    const named = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
    const state = run([told(1, { labels: named }, named), told(2, { labels: named }, named)]).state
    expect(JSON.stringify(state.attributes)).toBe('{"__proto__":"a","constructor":"b"}')
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})
