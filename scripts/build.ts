/**
 * Builds what is shipped: the page, the program, Langfuse's client, the bill of materials and the
 * notices of third parties.
 *
 *     node scripts/build.ts [folder]        dist unless a folder is named
 */
import './require-node.ts'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { bundleLangfuseClient } from './bundle-langfuse-client.ts'
import { bundleProgram } from './bundle-program.ts'
import { billOfMaterials } from './sbom.ts'
import { thirdPartyNotices } from './third-party-notices.ts'

const root = join(import.meta.dirname, '..')
const [named] = process.argv.slice(2)
const folder = resolve(named ?? join(root, 'dist'))

/** All that `dist` holds; the rest is of an earlier build. */
const BUILT = ['main.js', 'program', 'page', 'sbom.cdx.json', 'THIRD-PARTY-NOTICES.txt']

await build({
  configFile: join(root, 'vite.config.ts'),
  logLevel: 'warn',
  build: { outDir: join(folder, 'page') },
})
await bundleProgram(folder)
await bundleLangfuseClient(join(folder, 'program/langfuse-api-client.cjs'))
writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(), null, 2)}\n`)
writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), `${thirdPartyNotices()}\n`)
for (const name of named === undefined ? readdirSync(folder) : []) {
  if (!BUILT.includes(name)) rmSync(join(folder, name), { recursive: true, force: true })
}
