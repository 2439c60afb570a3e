/**
 * Builds the page into `dist/page`: files named by their content's hash, and beside each a
 * compressed one, so that the server compresses nothing while it serves.
 */
import './scripts/require-node.ts'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const pageDir = join(import.meta.dirname, 'dist/page')

const precompressed: Plugin = {
  name: 'precompressed',
  apply: 'build',
  writeBundle: ({ dir = pageDir }) => {
    for (const file of fs.globSync('assets/*.{js,css}', { cwd: dir })) {
      const path = join(dir, file)
      const bytes = fs.readFileSync(path)
      fs.writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      fs.writeFileSync(`${path}.br`, brotliCompressSync(bytes))
    }
  },
}

export default defineConfig({
  root: 'src/page',
  plugins: [react(), precompressed],
  build: {
    outDir: pageDir,
    emptyOutDir: true,
    // A data: URL for a script or a style would be refused by the page's own policy.
    assetsInlineLimit: 0,
    target: 'es2022',
  },
})
