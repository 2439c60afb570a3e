/**
 * The environment as Claude Code sees it: layers, of which a later one goes over those before it.
 * The settings of a project are no layer, since Claude Code ignores these variables there. Pure.
 */

export interface Layer {
  /** As a person knows it: `the shell`, or a file. */
  readonly name: string
  readonly variables: Readonly<Record<string, string | undefined>>
}

export interface EffectiveValue {
  readonly value: string
  /** Name of the layer it comes from. */
  readonly from: string
  /** Names of layers that say something else, and do not count. */
  readonly over: readonly string[]
}

export interface ClaudeEnvironment {
  /** `undefined` when it is not set, or empty. */
  get(name: string): EffectiveValue | undefined
}

export function claudeEnvironment(layers: readonly Layer[]): ClaudeEnvironment {
  const get = (name: string): EffectiveValue | undefined => {
    const set = layers.filter(({ variables }) => (variables[name] ?? '') !== '')
    const last = set.at(-1)
    const value = last?.variables[name]
    if (last === undefined || value === undefined) return undefined
    const others = set.filter(({ variables }) => variables[name] !== value)
    return { value, from: last.name, over: others.map((layer) => layer.name) }
  }
  return { get }
}
