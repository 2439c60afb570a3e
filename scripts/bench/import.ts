/**
 * How fast transcripts are imported, and in how much memory: 200 MB as Claude Code writes them, in
 * sessions of a few megabytes with prompts, answers, tools, and the lines that tell nothing here.
 *
 *     npm run bench:import -- [megabytes]
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const clone = join(import.meta.dirname, '../..')
/** Says at the end of each thread what it took, and at the end of the main one what the process took. */
const PEAK = `data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads'; process.on('exit', () => { " +
    'const { user, system } = process.threadCpuUsage(); const own = user + system; ' +
    'const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); ' +
    "process.stderr.write(isMainThread ? 'peak ' + maxRSS + ' cpu ' + (userCPUTime + systemCPUTime) + " +
    "' main ' + own + '\\n' : 'thread ' + own + '\\n') })",
)}`
/** Those that the program gives itself, so that it is not replaced by another process. */
const NODE_ARGS = ['--max-semi-space-size=16', '--heap-growing-percent=40', '--v8-pool-size=2']
const MEGABYTE = 1_000_000
const SESSION_BYTES = 4 * MEGABYTE
const BEGAN_MS = Date.parse('2026-09-01T08:00:00Z')
const WORDS =
  'the file reads a line and writes its result where the test expects one of two values that differ'.split(
    ' ',
  )

const megabytes = Number(process.argv[2] ?? 200)
const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-bench-'))
try {
  await generate(join(folder, 'projects'), megabytes * MEGABYTE)
  for (const content of ['keep', 'drop'] as const) measure(content)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The command as somebody runs it: in a process of its own, into an empty data folder. */
function measure(content: 'keep' | 'drop'): void {
  const env = {
    ...process.env,
    HOME: folder,
    DATA_DIR: join(folder, `data-${content}`),
    OTLP_RECEIVER_PORT: '9',
  }
  const args = [join(clone, 'dist/main.js'), 'import', join(folder, 'projects'), '--json']
  const beganMs = performance.now()
  const ran = spawnSync(
    process.execPath,
    ['--import', PEAK, ...NODE_ARGS, ...args, '--content', content],
    { env, encoding: 'utf8', cwd: folder, maxBuffer: MEGABYTE },
  )
  const seconds = (performance.now() - beganMs) / 1000
  if (ran.status !== 0) throw new Error(ran.stderr)
  const { bytes, sessions, calls, tools } = JSON.parse(ran.stdout) as Record<string, number>
  const used = /peak (\d+) cpu (\d+) main (\d+)/.exec(ran.stderr)
  const threads = [...ran.stderr.matchAll(/thread (\d+)/g)].map(([, us]) => Number(us))
  const read = (bytes ?? 0) / MEGABYTE
  process.stdout.write(
    `content ${content}: ${read.toFixed(0)} MB, ${sessions} sessions, ${calls} calls, ${tools} tools ` +
      `in ${seconds.toFixed(1)} s: ${(read / seconds).toFixed(1)} MB/s ` +
      `(${(Number(used?.[2]) / 1e6).toFixed(1)} s of the processors, ` +
      `${(Number(used?.[3]) / 1e6).toFixed(1)} s of them the main thread, ` +
      `${(Math.max(...threads) / 1e6).toFixed(1)} s the reading one), ` +
      `${(Number(used?.[1]) / 1000).toFixed(0)} MB of memory at most\n`,
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
