/**
 * How fast transcripts are imported, and in how much memory: 200 MB as Claude Code writes them, in
 * sessions of a few megabytes with prompts, answers, tools, and the lines that tell nothing here.
 *
 *     node scripts/bench/history.ts [megabytes] [keep|drop]
 */
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importHere } from '../../src/app/import-here.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { createLogger } from '../../src/observability/logger.ts'

const MEGABYTE = 1_000_000
const SESSION_BYTES = 4 * MEGABYTE
const BEGAN_MS = Date.parse('2026-09-01T08:00:00Z')
const WORDS =
  'the file reads a line and writes its result where the test expects one of two values that differ'.split(
    ' ',
  )

const megabytes = Number(process.argv[2] ?? 200)
const content = process.argv[3] === 'drop' ? 'drop' : 'keep'
const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-bench-'))
try {
  await generate(join(folder, 'projects'), megabytes * MEGABYTE)
  await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const platform = { os: process.platform, homeDir: folder, workingDir: folder }
  const config = loadConfig({ DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent' }, platform)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  const beganMs = performance.now()
  const began = process.cpuUsage()
  const body = {
    paths: [join(folder, 'projects')],
    content,
    isExported: false,
    isDryRun: false,
    again: false,
  } as const
  const done = await importHere(
    config.value,
    { ...body, paths: [...body.paths] },
    () => {},
    createLogger('silent'),
  )
  clearInterval(watch)
  if (!done.ok) throw new Error(done.error)
  const seconds = (performance.now() - beganMs) / 1000
  const { user, system } = process.cpuUsage(began)
  const { bytes, sessions, calls, tools } = done.value
  const rate = bytes / MEGABYTE / seconds
  process.stdout.write(
    `content ${content}: ${(bytes / MEGABYTE).toFixed(0)} MB, ${sessions} sessions, ${calls} calls, ` +
      `${tools} tools in ${seconds.toFixed(1)} s: ${rate.toFixed(1)} MB/s ` +
      `(${((user + system) / 1e6).toFixed(1)} s of the processors), ` +
      `${(peak / MEGABYTE).toFixed(0)} MB of memory at most\n`,
  )
}

async function generate(path: string, bytes: number): Promise<void> {
  for (let session = 0, written = 0; written < bytes; session += 1) {
    const project = join(path, `-home-dev-projects-${session % 7}`)
    mkdirSync(project, { recursive: true })
    const id = `00000000-0000-4000-8000-${String(session).padStart(12, '0')}`
    const out = createWriteStream(join(project, `${id}.jsonl`))
    let size = 0
    for (let turn = 0; size < SESSION_BYTES; turn += 1) {
      for (const line of turnOf(id, session, turn)) {
        const text = `${JSON.stringify(line)}\n`
        size += text.length
        if (!out.write(text)) await once(out, 'drain')
      }
    }
    out.end()
    await once(out, 'finish')
    written += size
  }
}

function textOf(words: number, seed: number): string {
  return Array.from({ length: words }, (_, at) => WORDS[(at * 7 + seed) % WORDS.length]).join(' ')
}

/** A prompt, three calls with a tool each, and the answer. */
function* turnOf(sessionId: string, session: number, turn: number): Generator<object, void> {
  const common = {
    isSidechain: false,
    userType: 'external',
    cwd: `/home/dev/projects/${session % 7}`,
    sessionId,
    version: '2.1.329',
    gitBranch: 'main',
    promptId: `prompt-${session}-${turn}`,
  }
  let step = 0
  const line = (type: string, more: object) => ({
    ...common,
    type,
    uuid: `${session}-${turn}-${step}`,
    timestamp: new Date(
      BEGAN_MS + session * 3_600_000 + turn * 60_000 + step++ * 900,
    ).toISOString(),
    ...more,
  })
  yield line('user', { message: { role: 'user', content: textOf(40, turn) } })
  yield line('attachment', { attachment: { type: 'file', content: textOf(400, turn) } })
  for (let call = 0; call < 4; call += 1) {
    const isLast = call === 3
    const id = `${session}-${turn}-${call}`
    const use = {
      type: 'tool_use',
      id: `toolu_${id}`,
      name: ['Bash', 'Read', 'Edit'][call % 3],
      input: { file_path: `/home/dev/projects/${id}.ts`, text: textOf(60, call) },
    }
    yield line('assistant', {
      requestId: `req_${id}`,
      message: {
        id: `msg_${id}`,
        role: 'assistant',
        model: 'claude-opus-5-5',
        content: [{ type: 'text', text: textOf(60, call) }, ...(isLast ? [] : [use])],
        stop_reason: isLast ? 'end_turn' : 'tool_use',
        usage: {
          input_tokens: 6,
          output_tokens: 150,
          cache_read_input_tokens: 14_000,
          cache_creation_input_tokens: 300,
        },
      },
    })
    if (isLast) continue
    const output = textOf(500, call)
    yield line('user', {
      message: {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: use.id, content: output, is_error: false }],
      },
      toolUseResult: { stdout: output, stderr: '', interrupted: false },
    })
  }
}
