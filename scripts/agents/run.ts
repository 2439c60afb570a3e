/**
 * `npm run test:agents -- --agent codex`: a real agent from its npm package against a scripted model, in
 * a network namespace that has only loopback, with a key that is none. The bridge and a Langfuse
 * stand-in run there too, and the agent's settings are those that `install --agent` writes. What the
 * store and the stand-in hold in the end has to be what the model answered.
 *
 * Needs Linux with `unshare` and `ip`, the right to make a namespace, and the npm registry. No part of
 * continuous integration. `--packages <folder>` keeps the packages for the next time.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { realAgents } from './agents.ts'

const { values } = parseArgs({
  options: {
    agent: { type: 'string', multiple: true, default: [] },
    packages: { type: 'string' },
  },
})

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const known = realAgents.map(({ name }) => name)
const unknown = values.agent.find((name) => !known.some((of) => of === name))
if (unknown !== undefined) stop(`There is no agent "${unknown}" here, only ${known.join(', ')}.`)
const wanted = realAgents.filter(
  ({ name }) => values.agent.length === 0 || values.agent.includes(name),
)

const namespace = ['--net', '--pid', '--fork', '--mount-proc', '--kill-child']
if (process.getuid?.() !== 0) namespace.push('--user', '--map-root-user')
const trial = spawnSync('unshare', [...namespace, 'ip', 'link', 'set', 'lo', 'up'])
if (trial.status !== 0) {
  const why = trial.error?.message ?? trial.stderr.toString().trim()
  stop(
    `Cannot make a network namespace (${why}): needs Linux with unshare and ip, and the right to.`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-agents-'))
const packages = values.packages === undefined ? join(folder, 'packages') : resolve(values.packages)

function installed(name: string, npmName: string): string {
  const to = join(packages, name)
  if (existsSync(join(to, 'node_modules'))) return to
  say(`${name}: installing ${npmName}`)
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, 'package.json'), '{"private":true}')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', ['install', ...options, npmName], {
    cwd: to,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status === 0) return to
  rmSync(to, { recursive: true, force: true })
  return stop(`${npmName} could not be installed.`)
}

let failed = 0
try {
  for (const { name, package: npmName } of wanted) {
    const args = [
      join(import.meta.dirname, 'inside.ts'),
      ...['--agent', name, '--packages', installed(name, npmName)],
    ]
    const lines = 'ip link set lo up && exec "$0" "$@"'
    const child = spawn('unshare', [...namespace, 'sh', '-c', lines, process.execPath, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) failed += 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed > 0 ? 1 : 0
