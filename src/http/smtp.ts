/**
 * Sends one e-mail by SMTP: one try a call. The library is loaded with the first mail. Every failure is a
 * value, and no text of it holds the password.
 */
import type { Transporter } from 'nodemailer'
import { safeLine } from '../domain/safe-text.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createDeadline, createRedactor } from './exchange.ts'

/** A server as `SMTP_URL` names it. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (`smtps:`); else STARTTLS where the server offers it. */
  readonly isSecure: boolean
  readonly user?: string
  readonly password?: string
}

export interface Mail {
  /** Addresses alone, without names. */
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The same at each try, so that a mail that came twice is shown once. */
  readonly messageId?: string
}

export interface MailOptions {
  /** For all of it. */
  readonly timeoutMs: number
  readonly stop?: AbortSignal | undefined
}

const SMTPS_PORT = 465
/** For clients that submit mail (RFC 6409). */
const SUBMISSION_PORT = 587
/** Of what a server says, in a failure. */
const MAX_EXCERPT = 200

/** Undefined for what names no server. */
export function readSmtpUrl(text: string): SmtpServer | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text)
  const isSecure = protocol === 'smtps:'
  if ((!isSecure && protocol !== 'smtp:') || hostname === '') return undefined
  if ((pathname !== '' && pathname !== '/') || search !== '' || hash !== '') return undefined
  const given = [decoded(username), decoded(password)]
  if (given.includes(undefined) || (username === '') !== (password === '')) return undefined
  const [user = '', pass = ''] = given
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? SMTPS_PORT : SUBMISSION_PORT) : Number(port),
    isSecure,
    ...(user !== '' && { user, password: pass }),
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * Resolves to what is to be said of a mail that some of its recipients got; undefined when all did. The
 * error names the server, and what it said.
 */
export function sendMail(
  server: SmtpServer,
  { to, ...mail }: Mail,
  options: MailOptions,
): Promise<Result<string | undefined, string>> {
  return withServer(server, options, async (transport, redact) => {
    const sent = (await transport.sendMail({ ...mail, to: [...to] })) as SentMail
    const refused = sent.rejectedErrors ?? []
    if (refused.length === 0) return undefined
    const reasons = refused.map(({ recipient, response, message }) =>
      [recipient, response ?? message].filter((text) => text !== undefined).join(': '),
    )
    return `${server.host} refused ${excerptOf(redact(reasons.join('; ')))}`
  })
}

/** What nodemailer tells of recipients that the server refused while it took others. */
interface SentMail {
  readonly rejectedErrors?: readonly {
    readonly recipient?: string
    readonly response?: string
    readonly message?: string
  }[]
}

/** Connects and logs in; sends nothing. */
export function checkMailServer(
  server: SmtpServer,
  options: MailOptions,
): Promise<Result<undefined, string>> {
  return withServer(server, options, async (transport) => {
    await transport.verify()
    return undefined
  })
}

async function withServer<T>(
  { host, port, isSecure, user, password = '' }: SmtpServer,
  { timeoutMs, stop }: MailOptions,
  use: (transport: Transporter, redact: (text: string) => string) => Promise<T>,
): Promise<Result<T, string>> {
  const redact = createRedactor(formsOf(user, password))
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    ...{ host, port, secure: isSecure },
    // A password goes over no connection that others can read.
    ...(user !== undefined && {
      auth: { user, pass: password },
      requireTLS: !isSecure && !isThisMachine(host),
    }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ dnsTimeout: timeoutMs, disableFileAccess: true, disableUrlAccess: true },
  })
  const deadline = createDeadline(timeoutMs, stop)
  try {
    return ok(await Promise.race([use(transport, redact), ended(deadline.signal)]))
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const cause = deadline.isOver() ? `no answer within ${timeoutMs} ms` : redact(said)
    return err(`${host}:${port}: ${excerptOf(cause)}`)
  } finally {
    deadline.clear()
    transport.close()
  }
}

function excerptOf(text: string): string {
  return safeLine(text).slice(0, MAX_EXCERPT)
}

/** The password as a server may have been told it: alone (LOGIN), and behind the user (PLAIN, RFC 4616). */
function formsOf(user: string | undefined, password: string): readonly string[] {
  if (password === '') return []
  const plain = [`\0${user}\0${password}`, `${user}\0${user}\0${password}`]
  return [password, ...[password, ...plain].map((text) => Buffer.from(text).toString('base64'))]
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('stopped'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
