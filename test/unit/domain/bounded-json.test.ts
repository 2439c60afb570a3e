import { expect, test } from 'vitest'
import { MAX_JSON_VALUES, parseBoundedJson } from '../../../src/domain/json-value.ts'
import { err, ok } from '../../../src/domain/result.ts'

const list = (element: string, count: number): string =>
  `[${Array.from({ length: count }, () => element).join(',')}]`
const tooMany = err(`holds more than ${MAX_JSON_VALUES} values`)

test.each([
  ['numbers', '0', MAX_JSON_VALUES],
  ['objects', '{}', MAX_JSON_VALUES / 2],
  ['members', '{"a":0,"b":[]}', MAX_JSON_VALUES / 4],
])('%s are parsed up to the bound', (_name, element, count) => {
  expect(parseBoundedJson(list(element, count)).ok).toBe(true)
  expect(parseBoundedJson(list(element, count + 1))).toEqual(tooMany)
})

test('what stands in texts is no value', () => {
  const text = JSON.stringify(`${',[{'.repeat(200_000)}\\"`)
  expect(parseBoundedJson(text)).toEqual(ok(JSON.parse(text)))
})

test('what is no JSON is an error', () => {
  expect(parseBoundedJson('{"a":')).toEqual(err('is not valid JSON'))
})
