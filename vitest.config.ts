/**
 * Three projects: `unit` is pure and quick, `integration` starts the real application, processes
 * or containers, `page` drives the built page in a Chromium. Two workers at most, so that the suite behaves on a small machine as on a big one.
 */
import './scripts/require-node.ts'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    globals: false,
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: 20_000,
    restoreMocks: true,
    // What is polled for comes by itself; how soon is a matter of what else the machine does.
    expect: { poll: { timeout: 20_000 } },
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
