/**
 * Bundles `LangfuseAPIClient` of `@langfuse/core` for the built product, as a CommonJS module with
 * nothing else in it: the package has one entry, and loading all of it takes ten times the memory
 * (decision 17). `src/exporters/langfuse/sdk.ts` looks for it beside itself.
 */
import './require-node.ts'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')
/** A module that exists in this build alone. */
const ENTRY = join(root, 'langfuse-api-client.js')

/** The notice that the licence asks to keep. */
function notice(): string {
  const folder = join(root, 'node_modules/@langfuse/core')
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const licence = readFileSync(join(folder, 'LICENSE'), 'utf8').trim()
  return `/* From ${name} ${version}.\n\n${licence}\n*/`
}

export async function bundleLangfuseClient(file: string): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    plugins: [
      {
        name: 'langfuse-client-entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) =>
          id === ENTRY ? "export { LangfuseAPIClient } from '@langfuse/core'" : undefined,
      },
    ],
    build: {
      ssr: true,
      target: 'es2024',
      minify: true,
      outDir: dirname(file),
      emptyOutDir: false,
      rolldownOptions: {
        input: ENTRY,
        checks: { bundlerTimings: false },
        output: { format: 'cjs', entryFileNames: basename(file), postBanner: notice() },
      },
    },
  })
}
