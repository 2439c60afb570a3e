/** A dry run of a replay: it fails where the real one would, and counts what its exporter takes. */
import { expect, test } from 'vitest'
import { NOW_MS, openUsageStore } from '../reports/stored-usage.ts'
import { runCommandLine } from './run-command.ts'

const LANGFUSE = {
  LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
  LANGFUSE_SECRET_KEY: 'sk-lf-1',
  LANGFUSE_HOST: 'http://127.0.0.1:9',
}

async function replay(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const { store, use } = await openUsageStore()
  await use('s1', { atMs: NOW_MS - 1000, models: [{ calls: 1, costUsd: 1 }] })
  const all = ['replay', '--all', ...args]
  return runCommandLine(all, { DATA_DIR: store.dataDir, ...variables }, { nowMs: NOW_MS })
}

test.each([
  {
    args: ['--to', 'otpl'],
    code: 2,
    says: /there is no exporter otpl\nExporters: langfuse, otlp\./,
  },
  { args: ['--to', 'otlp'], code: 1, says: /is not configured\nSet EXPORT_OTLP_/ },
  { args: ['--to', 'forward'], code: 2, says: /Forward takes no replay: it passes on what/ },
  { args: ['--to', 'langfuse'], code: 1, says: /Langfuse keys or address are not set/ },
  { args: ['--public-key', 'pk-lf-1'], code: 2, says: /belong together/ },
])('$args fails, dry or not', async ({ args, code, says }) => {
  for (const more of [[], ['--dry-run']]) {
    expect(await replay([...args, ...more])).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(says),
    })
  }
})

test('needs Langfuse keys for delivery, not for a dry run', async () => {
  expect(await replay([])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Langfuse keys or address are not set/),
  })
  expect(await replay(['--dry-run'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Would deliver \d+ observations? and \d+ scores?/),
  })
})

test('counts what the exporter takes', async () => {
  expect(await replay(['--dry-run'], LANGFUSE)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^Would deliver \d+ observations? and \d+ scores? from \d+ record/,
    ),
  })
  const otlp = { EXPORT_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
  expect(await replay(['--dry-run', '--to', 'otlp'], otlp)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Would deliver \d+ observations? from \d+ record/),
  })
})
