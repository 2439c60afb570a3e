/** A mail server on loopback, as much of RFC 5321 as a client needs: it keeps what it is sent. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers by their names in lower case, unfolded. */
  readonly headers: Readonly<Record<string, string>>
  /** As it came, with the headers. */
  readonly source: string
}

export interface SmtpStandIn {
  readonly port: number
  /** `smtp://…`, with the account if there is one. */
  readonly url: string
  mails(): readonly ReceivedMail[]
  /** What was said by clients, line by line. */
  commands(): readonly string[]
  /** Answers the end of each mail with this from now on, `250 ok` by default. */
  answer(reply: string): void
  /** Refuses these recipients from now on. */
  refuse(...addresses: readonly string[]): void
  /** Says nothing any more. */
  hang(): void
  close(): Promise<void>
}

export interface SmtpAccount {
  readonly user: string
  readonly password: string
}

export async function createSmtpStandIn(account?: SmtpAccount): Promise<SmtpStandIn> {
  const mails: ReceivedMail[] = []
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let reply = '250 ok'
  const refused = new Set<string>()
  let isSilent = false

  function serve(socket: Socket): void {
    const session: Session = { from: '', to: [], isData: false }
    let buffered = ''
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const say = (line: string): void => {
      if (!isSilent) socket.write(`${line}\r\n`)
    }

    function take(part: string): void {
      if (!session.isData) {
        commands.push(part)
        say(answerTo(part, session, account, refused))
        if (part.toUpperCase() === 'QUIT') socket.end()
        return
      }
      session.isData = false
      const source = part.replaceAll('\r\n..', '\r\n.')
      const { from, to } = session
      if (reply.startsWith('2')) mails.push({ from, to, source, headers: headersOf(source) })
      say(reply)
    }

    socket.on('data', (chunk) => {
      buffered += chunk.toString('utf8')
      for (;;) {
        const mark = session.isData ? '\r\n.\r\n' : '\r\n'
        const end = buffered.indexOf(mark)
        if (end < 0) return
        const part = buffered.slice(0, end)
        buffered = buffered.slice(end + mark.length)
        take(part)
      }
    })
    say('220 stand-in')
  }

  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const login =
    account === undefined
      ? ''
      : `${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}@`
  return {
    port,
    url: `smtp://${login}127.0.0.1:${port}`,
    mails: () => mails,
    commands: () => commands,
    answer: (next) => {
      reply = next
    },
    refuse: (...addresses) => {
      for (const address of addresses) refused.add(address)
    },
    hang: () => {
      isSilent = true
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What of a connection is remembered. */
interface Session {
  from: string
  to: string[]
  isData: boolean
}

function answerTo(
  line: string,
  session: Session,
  account: SmtpAccount | undefined,
  refused: ReadonlySet<string>,
): string {
  const [verb = ''] = line.toUpperCase().split(' ')
  const address = /<(.*)>/.exec(line)?.[1] ?? ''
  switch (verb) {
    case 'EHLO':
      return `250-stand-in\r\n250 ${account === undefined ? 'SIZE 1000000' : 'AUTH PLAIN'}`
    case 'AUTH': {
      const plain = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
      const isRight = plain === `\0${account?.user}\0${account?.password}`
      // Some servers tell what they were told.
      return isRight ? '235 ok' : `535 no: ${plain.replaceAll('\0', ' ')} ${line}`
    }
    case 'MAIL':
      session.from = address
      session.to = []
      return '250 ok'
    case 'RCPT':
      if (refused.has(address)) return '550 no such user'
      session.to.push(address)
      return '250 ok'
    case 'DATA':
      session.isData = true
      return '354 go on'
    case 'QUIT':
      return '221 bye'
    default:
      return '502 unknown'
  }
}

function headersOf(source: string): Record<string, string> {
  const [head = ''] = source.split('\r\n\r\n')
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
}
