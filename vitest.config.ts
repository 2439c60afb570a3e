/**
 * Four projects: `unit` is pure and quick, `integration` starts the real application, processes
 * or containers, `integration-postgres` is the same with stores in PostgreSQL where it can be had,
 * `page` drives the built page in a Chromium. Three workers at most, since many tests wait for
 * processes, so that the suite behaves on a small machine as on a big one. Time limits only end what
 * hangs: no test may fail because the machine is busy.
 */
import './scripts/require-node.ts'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { filesOfOneEngine } from './test/integration/one-engine.ts'
import { PATIENCE_MS } from './test/patience.ts'
import { whyNoPostgres } from './test/postgres/postgres-server.ts'

// Node strips the types of what a bridge's threads load, and compiles it, once in a run instead of once
// for each thread. Workers take over the variable when they start.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

/** Of the program that `built-program.ts` builds. */
const BUILT_THREADS = join(import.meta.dirname, 'dist/program')

const UNIT_LIMIT_MS = 2 * PATIENCE_MS
const LIMIT_MS = 10 * PATIENCE_MS

export default defineConfig({
  test: {
    environment: 'node',
    globals: false,
    pool: 'forks',
    maxWorkers: 3,
    teardownTimeout: PATIENCE_MS,
    passWithNoTests: whyNoPostgres !== undefined,
    setupFiles: ['test/patient-waits.ts'],
    execArgv: ['--import', join(import.meta.dirname, 'test/stripped-types/load.mjs')],
    globalSetup: ['test/stripped-types/strip.ts', 'test/postgres/global-setup.ts'],
    expect: { poll: { timeout: PATIENCE_MS, interval: 20 } },
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: UNIT_LIMIT_MS,
          hookTimeout: UNIT_LIMIT_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/built-program.ts'],
          env: { BUILT_THREADS },
          testTimeout: LIMIT_MS,
          hookTimeout: LIMIT_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration-postgres',
          include: whyNoPostgres === undefined ? ['test/integration/**/*.test.ts'] : [],
          exclude: Object.keys(filesOfOneEngine).map((file) => `test/integration/${file}`),
          globalSetup: [
            'test/integration/built-program.ts',
            'test/integration/report-one-engine.ts',
          ],
          env: { BUILT_THREADS, TEST_STORE: 'postgres' },
          setupFiles: ['test/integration/on-postgres.ts'],
          testTimeout: LIMIT_MS,
          hookTimeout: LIMIT_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          testTimeout: LIMIT_MS,
          hookTimeout: LIMIT_MS,
        },
      },
    ],
  },
})
