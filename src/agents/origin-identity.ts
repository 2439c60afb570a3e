/** Who and where a record's sender is, by the conventions of OpenTelemetry's resources. */
import type { Identity } from '../domain/identity.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Origin } from '../domain/telemetry-record.ts'
import { present, textOf } from './read-attribute.ts'

/** Resource attributes that describe the machine or the SDK, not the work. */
const UNSHOWN_RESOURCE =
  /^(host|os|service|telemetry|process|container|deployment|user|session|terminal)\.|\.auth\./

/** One origin is shared by all records of a scope, so its labels are worked out once. */
const labelsByOrigin = new WeakMap<Origin, Readonly<Record<string, string>>>()

/** The identity that resource and record give; `more` are labels that the record names itself. */
export function originIdentity(
  origin: Origin,
  attributes: Attributes,
  more?: Readonly<Record<string, string>>,
): Identity {
  const { resource } = origin
  const labels = more === undefined ? labelsOf(origin) : { ...labelsOf(origin), ...more }
  return present({
    userId:
      textOf(attributes, 'user.email') ??
      textOf(attributes, 'user.account_uuid') ??
      textOf(attributes, 'user.account_id') ??
      textOf(attributes, 'user.id') ??
      textOf(resource, 'user.email') ??
      textOf(resource, 'user.id'),
    organizationId: textOf(attributes, 'organization.id'),
    terminal: textOf(attributes, 'terminal.type'),
    agentVersion: textOf(resource, 'service.version'),
    environment:
      textOf(resource, 'deployment.environment.name') ?? textOf(resource, 'deployment.environment'),
    labels: Object.keys(labels).length > 0 ? labels : undefined,
  })
}

/** Resource attributes worth showing, as text. */
export function labelsOf(origin: Origin): Readonly<Record<string, string>> {
  const known = labelsByOrigin.get(origin)
  if (known !== undefined) return known
  const labels = shownAttributes(origin.resource, (key) => !UNSHOWN_RESOURCE.test(key))
  labelsByOrigin.set(origin, labels)
  return labels
}

/** Those attributes of a resource that have a text and are shown. */
export function shownAttributes(
  resource: Attributes,
  isShown: (key: string) => boolean,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const key of Object.keys(resource)) {
    const value = textOf(resource, key)
    if (value !== undefined && isShown(key)) found[key] = value
  }
  return found
}
