/**
 * Text of a session on its way to others: secrets are masked whatever the store holds, and what acts
 * instead of being read is taken out.
 */
import { safeLine } from '../../domain/safe-text.ts'
import { withoutUrlPasswords } from '../../domain/url-password.ts'
import { createTextMasking, type MaskSettings } from '../../processors/redact/record-masker.ts'

export type ExportMasking = Pick<MaskSettings, 'mode' | 'userRules'>

export interface SharedText {
  /** What was done to a text, for whoever keeps texts. */
  readonly name: string
  /** Masks; the text is not safe to be shown yet. */
  mask(text: string): string
  /** Masked, as one line. */
  line(text: string): string
}

/** A shorter user id may be any word. */
const MIN_USER_LENGTH = 5

/**
 * Masks also where the settings say that nothing is masked: that is about what this machine keeps. With
 * `anonymous` as `MASK=strict` does, and without the user's id.
 */
export function createSharedText(
  { mode, userRules }: ExportMasking,
  anonymous: boolean,
  userId: string | null,
): SharedText {
  const masking = createTextMasking({
    mode: anonymous || mode === 'strict' ? 'strict' : 'on',
    userRules,
  })
  const user = anonymous && userId !== null && userId.length >= MIN_USER_LENGTH ? userId : undefined

  function mask(text: string): string {
    const masked = masking(withoutUrlPasswords(text)).text
    return user === undefined ? masked : masked.replaceAll(user, '[user]')
  }

  return {
    name: JSON.stringify([anonymous, user]),
    mask,
    line: (text) => safeLine(mask(text)).replace(/\s+/g, ' ').trim(),
  }
}
