/**
 * Loads modules of `src` in worker threads with their types stripped beforehand (`strip.ts`). Node's own
 * stripping is WebAssembly, compiled in each thread anew, and V8 at times aborts the whole process
 * when threads with WebAssembly end beside others ("Check failed: jit_page.has_value()",
 * nodejs/node#64500). What was not stripped beforehand is loaded by Node.
 *
 * Where BUILT_THREADS names the built program, threads run that: they begin in half of the time.
 */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const folder = process.env.STRIPPED_TYPES

/** @param {string} path */
function stripped(path) {
  try {
    const name = `${hash('sha256', readFileSync(path), 'hex')}.mjs`
    return readFileSync(join(folder ?? '', name), 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string} url */
function builtThread(url) {
  const [, name] = /\/src\/.*\/([a-z-]+-thread)\.ts$/.exec(url) ?? []
  const built = process.env.BUILT_THREADS
  if (name === undefined || built === undefined) return undefined
  const path = join(built, `${name}.js`)
  return existsSync(path) ? `await import(${JSON.stringify(pathToFileURL(path))})` : undefined
}

if (!isMainThread && folder !== undefined) {
  registerHooks({
    load: (url, context, nextLoad) => {
      const isTypeScript = url.startsWith('file:') && url.endsWith('.ts')
      const source = isTypeScript ? (builtThread(url) ?? stripped(fileURLToPath(url))) : undefined
      if (source === undefined) return nextLoad(url, context)
      return { format: 'module', source, shortCircuit: true }
    },
  })
}
