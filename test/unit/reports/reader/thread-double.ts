/**
 * A thread that stands in for the reader's: what a question searches for says what becomes of it.
 * `hold`: answered when a question `release` comes. `die`: the thread ends. `stick`: it does nothing
 * any more. Anything else is answered with what the thread has seen so far.
 */
import { parentPort } from 'node:worker_threads'
import type {
  FromThread,
  Reply,
  Request,
  ToThread,
} from '../../../../src/reports/reader/messages.ts'

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')

const seen: string[] = []
const held: (() => void)[] = []

function wordOf(request: Request): string {
  if (request.kind === 'live') return 'live'
  const { question } = request
  if (question.name === 'event') return question.id
  return question.name === 'sessions' ? question.query.search : question.name
}

const post = (message: FromThread): void => port.postMessage(message)

port.on('message', (message: ToThread) => {
  if (message.kind === 'close') port.close()
  if (message.kind === 'cancel') seen.push('cancelled')
  if (message.kind !== 'request') return
  const { id, request, changes } = message
  const word = wordOf(request)
  seen.push(word)
  if (changes.isCleared) seen.push('cleared')
  if (changes.bucketsMs.length > 0) seen.push(`changed ${changes.bucketsMs.join(' ')}`)
  const reply: Reply = { kind: 'json', bytes: new TextEncoder().encode(JSON.stringify(seen)) }
  const answer = (): void => post({ kind: 'reply', id, reply })
  if (word === 'die') throw new Error('told to die')
  if (word === 'stick') for (;;);
  if (word.startsWith('hold')) held.push(answer)
  else answer()
  if (word === 'release') for (const letGo of held.splice(0)) letGo()
})
