/** The contract as an OpenAPI 3.1 document, written from its schemas. */
import { z } from 'zod'
import { problem } from './contract/access.ts'
import {
  api,
  type Endpoint,
  EXPORT_ACCESS,
  EXPORT_PATH,
  LIVE_ACCESS,
  LIVE_PATH,
} from './contract/api.ts'
import { exportQuery } from './contract/session-export.ts'
import { liveEvent, liveQuery } from './contract/live.ts'

type AnyEndpoint = Endpoint<z.ZodObject, z.ZodType, z.ZodType>
type JsonSchema = z.core.JSONSchema.BaseSchema

interface Operation {
  readonly summary: string
  readonly operationId: string
  readonly [key: string]: unknown
}

/** Schemas with a name, which stand once in the document. */
type Components = Record<string, JsonSchema>

/** The document, as JSON. */
export function openApiDocument(version: string) {
  const schemas: Components = {}
  const paths: Record<string, Record<string, Operation>> = {}
  for (const [name, endpoint] of Object.entries<AnyEndpoint>(api)) {
    const path = templateOf(endpoint.path)
    const operation = operationOf(name, endpoint, schemas)
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation }
  }
  paths[templateOf(EXPORT_PATH)] = { get: exportOperation(schemas) }
  paths[LIVE_PATH] = { get: liveOperation(schemas) }
  schemaOf(problem, schemas)
  schemaOf(liveEvent, schemas)
  return {
    openapi: '3.1.0',
    info: { title: 'claude-telemetry', version },
    paths,
    components: { schemas, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { key: [] }],
  }
}

/** `{key}` for `:key`. */
function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}')
}

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, key]) => ({
    name: key,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function operationOf(name: string, endpoint: AnyEndpoint, schemas: Components): Operation {
  const { summary, path, query, body, answer, method, access } = endpoint
  const isAsked = method === 'POST' && !body.safeParse({}).success
  return {
    operationId: name,
    summary,
    ...accessOf(access.scope),
    parameters: [...pathParameters(path), ...parametersOf(query, schemas)],
    ...(isAsked && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(body, schemas) } },
      },
    }),
    responses: {
      200: {
        description: 'OK',
        content: { 'application/json': { schema: schemaOf(answer, schemas) } },
      },
      default: failureResponse,
    },
  }
}

/** The least scope that an operation needs; none of it before one logs in. */
function accessOf(scope: string) {
  return scope === 'none'
    ? { security: [{}] }
    : { security: [{}, { key: [] }], 'x-required-scope': scope }
}

const failureResponse = {
  description: 'The error',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

function exportOperation(schemas: Components): Operation {
  const text = { schema: { type: 'string' } }
  return {
    operationId: 'exportSession',
    ...accessOf(EXPORT_ACCESS.scope),
    summary: 'Export a session as one file to be shared: secrets are masked',
    parameters: [...pathParameters(EXPORT_PATH), ...parametersOf(exportQuery, schemas)],
    responses: {
      200: { description: 'The file', content: { 'text/html': text, 'text/markdown': text } },
      default: failureResponse,
    },
  }
}

function liveOperation(schemas: Components): Operation {
  return {
    operationId: 'live',
    ...accessOf(LIVE_ACCESS.scope),
    summary:
      'Follow new records as Server-Sent Events: `record` carries a LiveEvent, `gap` says that some were skipped',
    parameters: [
      ...parametersOf(liveQuery, schemas),
      { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'integer' } },
    ],
    responses: {
      200: { description: 'The event stream', content: { 'text/event-stream': {} } },
      default: failureResponse,
    },
  }
}

/** Each has a default or may be left out. */
function parametersOf(query: z.ZodObject, schemas: Components) {
  const { properties = {} } = schemaOf(query, schemas)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }))
}

/** A schema as it stands in the document; what it names goes to the components. */
function schemaOf(schema: z.ZodType, schemas: Components): JsonSchema {
  const written = z.toJSONSchema(schema, {
    io: 'output',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.id
    },
  })
  const text = JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')
  const { $schema: _, $defs, ...rest } = JSON.parse(text) as z.core.JSONSchema.JSONSchema
  Object.assign(schemas, $defs)
  return rest
}
