/**
 * One model under the names that clouds and gateways give it, as the questions to ask the price
 * table: the most exact first. Pure.
 */

/** A model as the price table may know it. */
export interface PricedName {
  /** Undefined: whichever provider has a model of that name. */
  readonly provider: string | undefined
  readonly model: string
}

/** `claude-opus-5[1m]`: how the model is used, not which one it is. */
const USE_SUFFIX = /\[[^\]]*\]$/
/** `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-…`. */
const ARN = /^arn:[^:]*:bedrock:[^:]*:[^:]*:([^/]+)\/(.+)$/
/** Its name is an id that somebody chose: only the operator knows the model behind it. */
const NAMELESS_ARN =
  /^(application-inference-profile|provisioned-model|imported-model|custom-model)/
/** `us.anthropic.claude-opus-4-1-20250805-v1:0`: a cross-region profile, a vendor, a version. */
const BEDROCK =
  /^(?:[a-z]{2,6}(?:-[a-z]+)?\.)?((anthropic|amazon|meta|mistral|cohere|deepseek|qwen|openai)\.(.+))$/
const BEDROCK_VERSION = /-v\d+(?::\d+)?$/
/** `projects/p/locations/l/publishers/anthropic/models/claude-opus-4-1@20250805`. */
const VERTEX_PATH = /(?:^|\/)publishers\/([^/]+)\/models\/([^/]+)$/
const VERTEX_DATE = /@(?:\d{8}|default|latest)$/
/** `openrouter/anthropic/claude-opus-4.1`, `bedrock/…`, `vertex_ai/…`. */
const ROUTED = /^([a-z][a-z0-9_.-]*)\/(.+)$/
/** Models for programming cost what their base does, where they have no price of their own. */
const CODING_VARIANT = /-codex(?:-max|-mini)?$/

const ANTHROPIC = 'anthropic'
const AWS = 'aws'

/** At most a dozen. Unknown names give themselves. */
export function pricedNames(model: string, provider?: string): readonly PricedName[] {
  const plain = model.trim().replace(USE_SUFFIX, '')
  const names = namesOf(plain, provider, MAX_HOPS)
  // Gateways name themselves, not who made the model.
  const isClaude = /(?:^|[./])claude/.test(plain) && names.length > 0
  const claude = plain.slice(plain.lastIndexOf('claude')).replace(BEDROCK_VERSION, '')
  const all = isClaude ? [...names, { provider: ANTHROPIC, model: claude }] : names
  return all.filter((name, index) => name.model !== '' && all.findIndex(isSame(name)) === index)
}

/** Gateways behind gateways. */
const MAX_HOPS = 3

function namesOf(name: string, provider: string | undefined, hops: number): PricedName[] {
  const arn = ARN.exec(name)
  if (arn !== null) return NAMELESS_ARN.test(arn[1] ?? '') ? [] : namesOf(arn[2] ?? '', AWS, hops)
  const vertex = VERTEX_PATH.exec(name)
  if (vertex !== null) return namesOf(vertex[2] ?? '', vertex[1], hops)
  const bedrock = BEDROCK.exec(name)
  if (bedrock !== null) {
    const [, ofVendor = '', vendor, bare = ''] = bedrock
    const onAws = [name, ofVendor].map((each) => ({ provider: AWS, model: each }))
    return [...onAws, ...byProvider(bare.replace(BEDROCK_VERSION, ''), vendor)]
  }
  const names = byProvider(name, provider)
  if (VERTEX_DATE.test(name)) names.push(...namesOf(name.replace(VERTEX_DATE, ''), provider, hops))
  if (CODING_VARIANT.test(name))
    names.push(...byProvider(name.replace(CODING_VARIANT, ''), provider))
  const [, gateway, rest = ''] = ROUTED.exec(name) ?? []
  if (gateway !== undefined && hops > 0) names.push(...namesOf(rest, gateway, hops - 1))
  return names
}

/** Of the provider that is named, and of any that has it. */
function byProvider(model: string, provider: string | undefined): PricedName[] {
  const any = { provider: undefined, model }
  return provider === undefined ? [any] : [{ provider, model }, any]
}

function isSame(a: PricedName): (b: PricedName) => boolean {
  return (b) => a.model === b.model && a.provider === b.provider
}
