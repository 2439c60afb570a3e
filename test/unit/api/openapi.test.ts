import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { api, EXPORT_PATH, LIVE_PATH } from '../../../src/api/contract/api.ts'
import { openApiDocument } from '../../../src/api/openapi.ts'

const document = openApiDocument('1.2.3')

test('the document is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
})

test('it has every endpoint', () => {
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const paths = [...Object.values(api), { method: 'GET', path: EXPORT_PATH }]
  const known = paths.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  expect(documented.sort()).toEqual([...known, `GET ${LIVE_PATH}`].sort())
})

test('parameters have their types and defaults', () => {
  expect(document.paths['/api/sessions']?.get?.parameters).toContainEqual({
    name: 'limit',
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  })
})
