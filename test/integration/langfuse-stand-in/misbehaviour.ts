/**
 * Answers in the way a fault says.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiAnswer } from './api.ts'
import type { Fault } from './fault.ts'

export interface Misbehaviour {
  /** `behave` stores what there is to store, and gives the answer a Langfuse would. */
  answer(response: ServerResponse, fault: Fault, behave: () => ApiAnswer): Promise<void>
  /** Lets what hangs or stalls go on. */
  release(): void
}

export function createMisbehaviour(): Misbehaviour {
  let held: (() => void)[] = []
  const released = () => new Promise<void>((resolve) => held.push(resolve))

  function send(response: ServerResponse, { status, body }: ApiAnswer): void {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  return {
    answer: async (response, fault, behave) => {
      switch (fault.kind) {
        case 'status':
          response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
          response.end(fault.body ?? JSON.stringify({ message: `planned ${fault.status}` }))
          return
        case 'hang':
          await released()
          send(response, behave())
          return
        case 'reset':
          response.socket?.resetAndDestroy()
          return
        case 'slow':
          await delay(fault.delayMs)
          send(response, behave())
          return
        case 'garbled':
          behave()
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end('{"partialSucc')
          return
        case 'cut':
          behave()
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' })
          response.write('{', () => response.destroy())
          return
        case 'stall':
          behave()
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' })
          response.write('{')
          await released()
          response.end('}')
      }
    },
    release: () => {
      const waiting = held
      held = []
      for (const goOn of waiting) goOn()
    },
  }
}
