/** Threads that end when they are asked to, and such that do not. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { endThread } from '../../../src/threads/end-thread.ts'
import { PATIENCE_MS } from '../../patience.ts'

const listen = 'const { parentPort: port } = require("node:worker_threads");'

function threadOf(body: string): Worker {
  const thread = new Worker(`${listen}${body}`, { eval: true })
  thread.unref()
  return thread
}

test('finishes what it is at', async () => {
  const thread = threadOf(
    'port.once("message", (word) => { port.postMessage("got " + word); port.close() })',
  )
  const said = once(thread, 'message')
  await endThread(thread, 'close', PATIENCE_MS)
  expect(await said).toEqual(['got close'])
  expect(thread.threadId).toBe(-1)
})

test('ends though it is asked before its module is loaded, fails, or has ended already', async () => {
  const late = threadOf('port.on("message", () => port.close())')
  const fails = threadOf('port.on("message", () => { throw new Error("broken") })')
  fails.on('error', () => {})
  const ended = threadOf('process.exit(0)')
  await once(ended, 'exit')
  await Promise.all([late, fails, ended].map((thread) => endThread(thread, 'close', PATIENCE_MS)))
  expect([late, fails, ended].map(({ threadId }) => threadId)).toEqual([-1, -1, -1])
})

test('is terminated where it does not end', async () => {
  const thread = threadOf('port.on("message", () => { for (;;); })')
  await once(thread, 'online')
  await endThread(thread, 'close', 1)
  expect(thread.threadId).toBe(-1)
})
