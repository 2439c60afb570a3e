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

/** The error names the server, and what it said. */
export function sendMail(
  server: SmtpServer,
  { to, ...mail }: Mail,
  options: MailOptions,
): Promise<Result<undefined, string>> {
  return withServer(server, options, (transport) => transport.sendMail({ ...mail, to: [...to] }))
}

/** Connects and logs in; sends nothing. */
export function checkMailServer(
  server: SmtpServer,
  options: MailOptions,
): Promise<Result<undefined, string>> {
  return withServer(server, options, (transport) => transport.verify())
}

async function withServer(
  { host, port, isSecure, user, password = '' }: SmtpServer,
  { timeoutMs, stop }: MailOptions,
  use: (transport: Transporter) => Promise<unknown>,
): Promise<Result<undefined, string>> {
  const redact = createRedactor([password, Buffer.from(password).toString('base64')])
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
    await Promise.race([use(transport), ended(deadline.signal)])
    return ok(undefined)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const cause = deadline.isOver() ? `no answer within ${timeoutMs} ms` : redact(said)
    return err(`${host}:${port}: ${safeLine(cause).slice(0, MAX_EXCERPT)}`)
  } finally {
    deadline.clear()
    transport.close()
  }
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
