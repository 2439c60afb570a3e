/** Passwords behind the word for password in other languages than English. */
import type { MaskRule, SecretSpan } from '../rule.ts'
import { isPlaceholder } from './secret-value.ts'

/** Lower case. Each of their letters and its upper case are one UTF-16 code unit. */
const WORDS = [
  'adgangskode',
  'clave',
  'contrasena',
  'contraseña',
  'geheimnis',
  'hasło',
  'haslo',
  'heslo',
  'jelszó',
  'kennwort',
  'kodeord',
  'lozinka',
  'lösenord',
  'mật khẩu',
  'mot de passe',
  'palavra-passe',
  'parola',
  'parole',
  'passord',
  'passwort',
  'salasana',
  'senha',
  'wachtwoord',
  'zugangscode',
  'şifre',
  'κωδικός',
  'пароль',
  'пароля',
  'парола',
  'סיסמה',
  'كلمة السر',
  'كلمة المرور',
  'पासवर्ड',
  'รหัสผ่าน',
  'パスワード',
  '口令',
  '密码',
  '密碼',
  '비밀번호',
  '암호',
]

const QUOTE = String.raw`(?:\\{0,15}["'\x60«„“「]|&quot;)`
const SPACE = String.raw`(?:[ \t\u00a0]|\\+[tn]|\n)`
const VALUE = new RegExp(
  String.raw`((?:${QUOTE})?(?:\*\*)?${SPACE}{0,3}(?:[:=：＝]|[-–—] |(?:ist|lautet|est|es|é|jest|is|è|är|er|on|это|は|是|为|為|은|는)(?: |(?=[A-Za-z0-9])))(?:\*\*)?${SPACE}{0,4}(?:${QUOTE})?)([^\s"'\x60\\<>{}«»“”「」，。;]{6,200})`,
  'iy',
)

/** What may follow the word. */
const joints = new Set(Array.from(' \u00a0\t\n\\"\'`«„“「&*:=：＝-–—iейeéèäoэはに是为為은는'))

/** Not a word: letters are mixed with digits or with signs that end no sentence. */
function isMixed(value: string): boolean {
  return /\p{L}/u.test(value) && (/\d/.test(value) || /[!@#$%^&*+=~_|?](?=.)/.test(value))
}

function passwordAt(text: string, at: number, end: number): SecretSpan | undefined {
  // The end of a longer word.
  if (!joints.has(text.charAt(end).toLowerCase())) return undefined
  const isWithinWord = /\p{L}/u.test(text.charAt(at - 1)) && /[a-z]/i.test(text.charAt(at))
  if (isWithinWord && !/\\[nrt]$/.test(text.slice(Math.max(0, at - 2), at))) return undefined
  VALUE.lastIndex = end
  const [, kept = '', found = ''] = VALUE.exec(text) ?? []
  const value = found.replace(/[,.:)]+$/, '')
  if (value.length < 6 || !isMixed(value) || isPlaceholder(value)) return undefined
  return { from: end + kept.length, to: end + kept.length + value.length }
}

export const foreignPasswordRules: readonly MaskRule[] = [
  { id: 'password', keywords: WORDS, find: passwordAt },
]
