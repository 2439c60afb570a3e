/**
 * Loads Langfuse's own REST client, `LangfuseAPIClient` of `@langfuse/core`, and gives it a `fetch`
 * of ours. The client takes none: it calls the global one (5.11), which follows redirects with our
 * data in them and puts no bound on an answer. So its CommonJS text is compiled with `fetch` as one
 * more parameter, as Node compiles it with `require`: the global `fetch` stays what it is for
 * everybody else, and the client has no other way out (decision 17).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import type { LangfuseAPIClient } from '@langfuse/core'

/** The class that this needs of the package. */
export interface LangfuseSdk {
  readonly LangfuseAPIClient: new (options: LangfuseAPIClient.Options) => LangfuseAPIClient
}

type CommonJsModule = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  fetch: typeof globalThis.fetch,
) => void

/** The client alone, as `npm run build` bundles it; absent where the source is run. */
const BUNDLE = fileURLToPath(new URL('./langfuse-api-client.cjs', import.meta.url))

const sender = new AsyncLocalStorage<typeof fetch>()

let loading: Promise<LangfuseSdk> | undefined

/** Loads the client with the first call; memory is not spent on it before. */
export function loadSdk(): Promise<LangfuseSdk> {
  loading ??= compileSdk(existsSync(BUNDLE) ? BUNDLE : packageFile()).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

/** Runs `ask`; what the client requests in it goes through `send`. */
export function sendingThrough<T>(send: typeof fetch, ask: () => T): T {
  return sender.run(send, ask)
}

/** The client in the CommonJS module `file`. */
export async function compileSdk(file: string): Promise<LangfuseSdk> {
  const text = await readFile(file, 'utf8')
  const parameters = ['exports', 'require', 'module', 'fetch']
  const run = compileFunction(text, parameters, { filename: file }) as CommonJsModule
  const module = { exports: {} }
  run(module.exports, createRequire(file), module, sendAsTold)
  if (!isSdk(module.exports)) throw new Error(`${file} has no LangfuseAPIClient`)
  return module.exports
}

function packageFile(): string {
  return createRequire(import.meta.url).resolve('@langfuse/core')
}

async function sendAsTold(...request: Parameters<typeof fetch>): Promise<Response> {
  const send = sender.getStore()
  if (send === undefined) throw new Error('a request of the Langfuse client outside of a call')
  return send(...request)
}

function isSdk(exports: object): exports is LangfuseSdk {
  return 'LangfuseAPIClient' in exports && typeof exports.LangfuseAPIClient === 'function'
}
