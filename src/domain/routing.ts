/**
 * Which exporters a session goes to. Destinations are exporters by name: one that the settings
 * configure (`langfuse`), or one of the routes (`langfuse:red`). Pure.
 */

/** What decides. */
export interface RouteFacts {
  readonly team?: string | undefined
  readonly user?: string | undefined
  /** Name of the key that it came under. */
  readonly keyName?: string | undefined
  /** Resource attributes and labels, as text. */
  readonly labels: Readonly<Record<string, string>>
}

/** All of what it names has to hold. */
export interface RouteRule {
  readonly key?: string | undefined
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** None: what it fits is delivered nowhere. */
  readonly to: readonly string[]
}

export interface Routes {
  /** The first one that fits counts. */
  readonly rules: readonly RouteRule[]
  /** Where everything else goes. */
  readonly fallback: readonly string[]
}

/** What a rule says; undefined where none fits. */
export function routeByRule({ rules }: Routes, facts: RouteFacts): readonly string[] | undefined {
  return rules.find((rule) => fits(rule, facts))?.to
}

function fits({ key, team, user, attributes }: RouteRule, facts: RouteFacts): boolean {
  return (
    (key === undefined || key === facts.keyName) &&
    (team === undefined || team === facts.team) &&
    (user === undefined || user === facts.user) &&
    Object.entries(attributes).every(
      ([name, value]) => Object.hasOwn(facts.labels, name) && facts.labels[name] === value,
    )
  )
}

/** One of the routes: what goes to all that the settings configure does not go to it. */
export function isNamedDestination(exporter: string): boolean {
  return exporter.includes(':')
}
