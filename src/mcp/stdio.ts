/** The MCP server over standard input and output, for an agent that starts it as a process of its own. */
import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { err, ok, type Result } from '../domain/result.ts'
import { createMcpServer, type ServerDeps } from './server.ts'

export interface StdioDeps extends ServerDeps {
  readonly input: Readable
  readonly output: Writable
}

/** A message is a tool's name and a few arguments. A longer one ends the connection. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/**
 * Resolves once whoever asks has closed the input and everything asked before that is answered, or with
 * why the connection ended before.
 */
export async function serveStdio({
  input,
  output,
  ...deps
}: StdioDeps): Promise<Result<undefined, string>> {
  const calls = createQueue()
  const mcp = createMcpServer({ ...deps, withAsk: (use) => calls.run(() => deps.withAsk(use)) })
  const transport = new StdioServerTransport(input, output, { maxBufferSize: MAX_MESSAGE_BYTES })
  const over = new AbortController()
  const close = (): void => {
    over.abort()
    void mcp.close()
  }
  const closed = new Promise<void>((resolve) => {
    mcp.server.onclose = resolve
  })
  const closeAfterAnswers = () => void calls.idle().then(close)
  input.once('end', closeAfterAnswers)
  input.once('close', closeAfterAnswers)
  // The client is gone: nobody reads any more.
  output.once('error', close)
  await mcp.connect(transport)
  await closed
  // The transport itself closes for one reason only.
  return over.signal.aborted
    ? ok(undefined)
    : err(`a message has more than ${MAX_MESSAGE_BYTES} bytes`)
}

interface Queue {
  /** Runs it after those before it: each call opens what is stored for itself. */
  run<T>(call: () => Promise<T>): Promise<T>
  /** Resolves once all that were begun are over and what came of them was written. */
  idle(): Promise<void>
}

function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run: (call) => {
      const done = last.then(call)
      last = done.catch(() => {})
      return done
    },
    idle: async () => {
      // What was read last is handled in tasks of its own; it may have begun another call.
      let known: Promise<unknown> | undefined
      while (known !== last) {
        known = last
        await known
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
