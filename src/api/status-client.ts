/**
 * A status line's one question to the bridge, over a socket: loading an HTTP client takes Node longer
 * than all the rest. Every failure is no answer.
 */
import { createConnection } from 'node:net'
import { STATUS_LINE_PATH, type StatusBudget, type StatusFigures } from '../domain/status-line.ts'

export interface StatusQuestion {
  /** Of the bridge: `http://host:port`. */
  readonly address: string
  readonly apiKey: string | undefined
  readonly agent: string
  /** JSON. */
  readonly body: string
  /** For the whole exchange. */
  readonly timeoutMs: number
}

const MAX_ANSWER_BYTES = 64 * 1024

export function askStatus(question: StatusQuestion): Promise<StatusFigures | undefined> {
  const { hostname, port } = new URL(question.address)
  return new Promise((resolve) => {
    let answer = ''
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const socket = createConnection({ host, port: Number(port) || 80 })
    const timer = setTimeout(() => socket.destroy(), question.timeoutMs)
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      answer += part
      if (answer.length > MAX_ANSWER_BYTES) socket.destroy()
    })
    // What failed is told by the answer that is not there.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(figuresIn(answer))
    })
    socket.write(requestText(question))
  })
}

function requestText({ address, apiKey, agent, body }: StatusQuestion): string {
  const lines = [
    `POST ${STATUS_LINE_PATH}/${agent} HTTP/1.1`,
    `Host: ${new URL(address).host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    // A key with a line end in it would be another header.
    ...(apiKey === undefined || /[\r\n]/.test(apiKey) ? [] : [`Authorization: Bearer ${apiKey}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** Of the whole answer, whose body is as long as the connection says. */
function figuresIn(answer: string): StatusFigures | undefined {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0 || !/^HTTP\/1\.1 200 /.test(answer)) return undefined
  try {
    const told = JSON.parse(answer.slice(end)) as Partial<StatusFigures> | null
    const { sessionUsd, todayUsd, budgets } = told ?? {}
    if (typeof sessionUsd !== 'number' || typeof todayUsd !== 'number') return undefined
    return { sessionUsd, todayUsd, budgets: Array.isArray(budgets) ? budgets.filter(isBudget) : [] }
  } catch {
    return undefined
  }
}

function isBudget(budget: Partial<StatusBudget> | null): budget is StatusBudget {
  return typeof budget?.limitUsd === 'number' && typeof budget.spentUsd === 'number'
}
