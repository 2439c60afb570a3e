/**
 * The environment as Claude Code sees it: layers, of which a later one goes over those before it. A
 * variable that a later layer sets to nothing is not set, whatever is below. Pure; measured on 2.1.329.
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
  /** Without the blanks around it; `undefined` when it is not set, or empty. */
  get(name: string): EffectiveValue | undefined
}

export function claudeEnvironment(layers: readonly Layer[]): ClaudeEnvironment {
  const get = (name: string): EffectiveValue | undefined => {
    const set = layers.flatMap(({ name: from, variables }) => {
      const value = variables[name]?.trim()
      return value === undefined ? [] : [{ from, value }]
    })
    const last = set.at(-1)
    if (last === undefined || last.value === '') return undefined
    const others = set.filter(({ value }) => value !== '' && value !== last.value)
    return { ...last, over: others.map(({ from }) => from) }
  }
  return { get }
}
