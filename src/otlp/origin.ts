/**
 * Resource and scope of OTLP/JSON: who sent a group of records.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import { readAttributes } from './any-value.ts'
import { noAttributes } from './bag.ts'
import { checkShared } from './decoding.ts'
import { type Fault, isObject, refuse, typeName } from './fault.ts'
import { readText } from './text.ts'

/** The attributes of a resource; none when the sender left the resource out. */
export function readResource(raw: unknown, fault: Fault): Attributes | undefined {
  if (raw === undefined || raw === null) return noAttributes
  if (!isObject(raw)) return refuse(fault, `resource is ${typeName(raw)}, expected an object`)
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return refuse(fault, `resource.${fault.text}`)
  return checkShared('resource', attributes, JSON.stringify(attributes).length, fault)
}

/** The origin that all records of one scope share. */
export function readOrigin(resource: Attributes, raw: unknown, fault: Fault): Origin | undefined {
  if (raw === undefined || raw === null) return { resource, scopeName: '', scopeVersion: '' }
  if (!isObject(raw)) return refuse(fault, `scope is ${typeName(raw)}, expected an object`)
  const scopeName = readText('scope.name', raw.name, fault)
  if (scopeName === undefined) return undefined
  const scopeVersion = readText('scope.version', raw.version, fault)
  if (scopeVersion === undefined) return undefined
  const origin = { resource, scopeName, scopeVersion }
  return checkShared('scope', origin, scopeName.length + scopeVersion.length, fault)
}
