/**
 * Builds the page into `dist/page`: files named by their content's hash and compressed, so that the
 * package holds each once and the server compresses nothing while it serves.
 */
import './scripts/require-node.ts'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const pageDir = join(import.meta.dirname, 'dist/page')

const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  writeBundle: ({ dir = pageDir }) => {
    for (const file of fs.globSync('assets/*.{js,css}', { cwd: dir })) {
      const path = join(dir, file)
      fs.writeFileSync(`${path}.gz`, gzipSync(fs.readFileSync(path), { level: 9 }))
      fs.rmSync(path)
    }
  },
}

export default defineConfig({
  root: 'src/page',
  plugins: [react(), compressed],
  build: {
    outDir: pageDir,
    emptyOutDir: true,
    // A data: URL for a script or a style would be refused by the page's own policy.
    assetsInlineLimit: 0,
    target: 'es2022',
    rolldownOptions: { checks: { bundlerTimings: false } },
    // One file is right: it is compressed, and fetched once from the same machine.
    chunkSizeWarningLimit: 600,
  },
})
