/** Keys of model providers and of what is built around them, in the formats that they document. */
import { BOUNDARY, type MaskRule, patternRule } from '../rule.ts'

export const modelRules: readonly MaskRule[] = [
  // All of these begin with `sk-`: the particular ones come first.
  patternRule('anthropic-key', 'sk-', String.raw`sk-ant-[A-Za-z0-9_-]{16,}`),
  patternRule('openrouter-key', 'sk-', String.raw`sk-or-[A-Za-z0-9_-]{20,}`),
  patternRule('langfuse-secret-key', 'sk-', String.raw`${BOUNDARY}sk-lf-[0-9a-f-]{18,}`),
  patternRule('helicone-key', 'sk-', String.raw`sk-helicone-[A-Za-z0-9-]{16,}`),
  patternRule(
    'openai-key',
    'sk-',
    String.raw`sk-(?:proj|svcacct|admin|None|service)-[A-Za-z0-9_-]{20,}`,
  ),
  patternRule(
    'openai-key',
    'sk-',
    String.raw`${BOUNDARY}sk-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9]{20,}[A-Za-z0-9_-]*`,
  ),
  patternRule(
    'huggingface-token',
    ['hf_', 'api_org_'],
    String.raw`${BOUNDARY}(?:hf_|api_org_)[A-Za-z0-9]{24,}`,
  ),
  patternRule('replicate-token', 'r8_', String.raw`${BOUNDARY}r8_[A-Za-z0-9]{24,}`),
  patternRule('groq-key', 'gsk_', String.raw`${BOUNDARY}gsk_[A-Za-z0-9]{24,}`),
  patternRule('xai-key', 'xai-', String.raw`${BOUNDARY}xai-[A-Za-z0-9]{30,}`),
  patternRule('perplexity-key', 'pplx-', String.raw`pplx-[A-Za-z0-9]{24,}`),
  patternRule('together-key', 'tgp_v1_', String.raw`tgp_v1_[A-Za-z0-9_-]{24,}`),
  patternRule('fireworks-key', 'fw_', String.raw`${BOUNDARY}fw_[A-Za-z0-9]{20,}(?![A-Za-z0-9_])`),
  patternRule('pinecone-key', 'pcsk_', String.raw`pcsk_[A-Za-z0-9_]{30,}`),
  patternRule('langsmith-key', 'lsv2_', String.raw`lsv2_(?:pt|sk|ls)_[0-9a-f]{16,}(?:_[0-9a-f]+)?`),
  patternRule('wandb-key', 'wandb_v1_', String.raw`wandb_v1_[A-Za-z0-9_]{24,}`),
  patternRule('elevenlabs-key', 'sk_', String.raw`${BOUNDARY}sk_[0-9a-f]{40,}`),
  patternRule('cerebras-key', 'csk-', String.raw`${BOUNDARY}csk-[a-z0-9]{30,}`),
  patternRule('voyage-key', 'pa-', String.raw`${BOUNDARY}pa-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])`),
  patternRule('jina-key', 'jina_', String.raw`${BOUNDARY}jina_[0-9a-f]{16,}[A-Za-z0-9_-]{10,}`),
  patternRule('tavily-key', 'tvly-', String.raw`tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,}`),
  patternRule('firecrawl-key', 'fc-', String.raw`${BOUNDARY}fc-[0-9a-f]{32}(?![0-9a-f])`),
  patternRule('e2b-key', 'e2b_', String.raw`${BOUNDARY}e2b_[0-9a-f]{30,}`),
  patternRule('nvidia-key', 'nvapi-', String.raw`nvapi-[A-Za-z0-9_-]{30,}`),
  patternRule('cursor-key', 'key_', String.raw`${BOUNDARY}key_[0-9a-f]{64}`),
]
