/**
 * Text that somebody else wrote, made safe for a terminal, a log or a chat: nothing in it moves the
 * cursor, changes a colour, reaches the clipboard, turns the line around or hides. Pure.
 */

/**
 * Escape sequences, in 7 and in 8 bits (ECMA-48, 5.3 and 5.6): control sequences such as colours,
 * control strings such as OSC 52 with what they carry, and the short ones. A string without its end
 * loses its introducer only, so that what follows is still seen.
 */
const ESCAPE_SEQUENCE = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)[0-?]*[ -\/]*[@-~]`,
    String.raw`(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)`,
    String.raw`\x1b[ -\/]*[0-~]`,
  ].join('|'),
  'g',
)

/** Joiners make one sign of several emoji, and shape the letters of these scripts. */
const BEFORE_JOINER = String.raw`[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}\p{sc=Arab}\p{sc=Syrc}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Khmr}\p{sc=Mong}]`

/** Visible, although they are format characters: Arabic and other signs that enclose a number. */
const VISIBLE_FORMAT = String.raw`\u{600}-\u{605}\u{6dd}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}`

/** Left as they are: joiners, which have a rule of their own, and how an emoji is presented. */
const KEPT_IGNORABLE = String.raw`\u{200c}\u{200d}\u{fe0e}\u{fe0f}`

/** More accents than that on one letter only cover the lines around it. */
const MAX_MARKS = 8

/**
 * Characters that act instead of being read: controls, what changes the direction of writing,
 * separators of lines and paragraphs, what is invisible (zero-width characters, tags, joiners out of
 * place), surrogates without their other half, and accents piled up.
 */
const UNSAFE = [
  String.raw`[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[${KEPT_IGNORABLE}${VISIBLE_FORMAT}]]`,
  String.raw`(?<!${BEFORE_JOINER})[\u{200c}\u{200d}]`,
  String.raw`(?<=\p{M}{${MAX_MARKS}})\p{M}`,
].join('|')
const UNSAFE_RUN = new RegExp(`(?:${UNSAFE})+`, 'gv')
const UNSAFE_CHARACTER = new RegExp(UNSAFE, 'gv')

/** These only dress the character before them: without them the word stays one. */
const DRESSING = /^[\p{M}\p{Variation_Selector}\u{ad}]+$/v

/** Most text is this, and needs no second look. */
const NOT_PLAIN = /[^\x20-\x7e]/
const NOT_PLAIN_BLOCK = /[^\x20-\x7e\n\t]/

/** One line: line ends and whatever else is unsafe become spaces, escape sequences nothing. */
export function safeLine(text: string): string {
  if (!NOT_PLAIN.test(text)) return text
  return text
    .toWellFormed()
    .replace(ESCAPE_SEQUENCE, '')
    .replace(UNSAFE_RUN, (run) => (DRESSING.test(run) ? '' : ' '))
}

/** The same, but line feeds and tabs stay. */
export function safeBlock(text: string): string {
  if (!NOT_PLAIN_BLOCK.test(text)) return text
  return text
    .replace(ESCAPE_SEQUENCE, '')
    .split(/([\n\t])/)
    .map((part, index) => (index % 2 === 1 ? part : safeLine(part)))
    .join('')
}

/**
 * JSON that says the same and can be shown: what is unsafe in its strings is written as `\u…`. Line
 * feeds stay, they stand between values only.
 */
export function safeJson(json: string): string {
  if (!NOT_PLAIN_BLOCK.test(json)) return json
  return json.replace(UNSAFE_CHARACTER, (character) =>
    character === '\n'
      ? character
      : Array.from(
          { length: character.length },
          (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
        ).join(''),
  )
}
