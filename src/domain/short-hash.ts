/**
 * A text's hash of 53 bits, in at most 11 characters: for states, where long keys would be carried
 * along for ever. Among a thousand of them two are alike once in ten billion cases.
 */
export function shortHash(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2_654_435_761)
    low = Math.imul(low ^ code, 1_597_334_677)
  }
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  return inBase36(2 ** 32 * (high & 0x1f_ffff) + (low >>> 0))
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** As `toString(36)` writes a whole number, which takes seven times as long: it is made for fractions. */
function inBase36(value: number): string {
  let digits = ''
  let rest = value
  do {
    const quotient = Math.floor(rest / 36)
    digits = DIGITS.charAt(rest - 36 * quotient) + digits
    rest = quotient
  } while (rest > 0)
  return digits
}
