/** What is masked, put together from the settings; the user's own patterns are read from their file. */
import { readFile } from 'node:fs/promises'
import { err, ok, type Result } from '../domain/result.ts'
import type { ContentKind } from './redact/content.ts'
import type { MaskSettings } from './redact/record-masker.ts'
import { parseUserRules, type UserRule } from './redact/user-rules.ts'

/** The settings, as the configuration holds them. */
export interface PrivacySettings {
  readonly mask: MaskSettings['mode']
  /** Absolute path of the file with the user's own patterns. */
  readonly patternsFile?: string | undefined
  readonly maskedAttributes: readonly string[]
  readonly dropped: readonly ContentKind[]
}

/** Patterns that cannot be read are an error for a person to read: without them secrets would pass. */
export async function readMasking(privacy: PrivacySettings): Promise<Result<MaskSettings, string>> {
  const { mask, patternsFile, maskedAttributes, dropped } = privacy
  const userRules = patternsFile === undefined ? ok([]) : await readUserRules(patternsFile)
  if (!userRules.ok) return userRules
  return ok({
    mode: mask,
    attributes: new Set(maskedAttributes.map((name) => name.toLowerCase())),
    userRules: userRules.value,
    content: new Set(dropped),
  })
}

async function readUserRules(path: string): Promise<Result<readonly UserRule[], string>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return err(`MASK_PATTERNS_FILE ${path} cannot be read (${code ?? 'unknown error'})`)
  }
  const rules = parseUserRules(text)
  return rules.ok ? rules : err(`MASK_PATTERNS_FILE ${path}: ${rules.error}`)
}
