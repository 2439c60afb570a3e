/** What `run.ts` starts in the namespace: one agent, from its settings to the comparison. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeClone } from '../../test/integration/clone.ts'
import {
  createLangfuseStandIn,
  STAND_IN_KEYS,
} from '../../test/integration/langfuse-stand-in/stand-in.ts'
import { startedProcess } from '../../test/integration/corpus/bridge-process.ts'
import { type RealAgent, realAgents, writeSettings } from './agents.ts'
import { differences, expectedOf, storedOf, deliveredOf } from './figures.ts'
import { createScript, markerOf, replies } from './script.ts'
import { startScriptedApi } from './scripted-api.ts'

const PROMPT_LIMIT_MS = 180_000
const ARRIVAL_LIMIT_MS = 60_000
const POLL_MS = 250

const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: '' },
    packages: { type: 'string', default: '' },
  },
})

const found = realAgents.find(({ name }) => name === values.agent)
if (found === undefined) throw new Error(`no agent "${values.agent}"`)
const agent: RealAgent = found

const folder = mkdtempSync(join(tmpdir(), `claude-telemetry-${agent.name}-`))
const home = join(folder, 'home')
const workDir = join(folder, 'work')
const dataDir = join(folder, 'data')
for (const path of [home, workDir, dataDir]) mkdirSync(path)

const say = (line: string): boolean => process.stdout.write(`${agent.name}: ${line}\n`)
const own = makeClone(join(folder, 'clone'))
const basics = {
  HOME: home,
  PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
  LANG: 'C.UTF-8',
  TERM: 'dumb',
}

/** A command of the product, in the agent's home. */
async function command(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...own, ...args], {
    cwd: workDir,
    env: { ...basics, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)])
  if (child.exitCode === null) await once(child, 'exit')
  if (child.exitCode === 0) return stdout
  throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${stderr}`)
}

const problems: string[] = []
const langfuse = await createLangfuseStandIn()
const tools = { home, workDir, apiUrl: '' }
const script = createScript(replies(agent.tools(tools)))
const api = await startScriptedApi(script)
const place = { ...tools, apiUrl: api.url }

writeSettings(agent, place)
const files = Object.keys(agent.settings(place)).map((name) => join(home, name))
const textsOf = (): readonly string[] => files.map((file) => readFileSync(file, 'utf8'))
const before = textsOf()
const install = ['install', '--agent', agent.name, '--content', 'prompts']
await command(...install)
await command('uninstall')
if (textsOf().some((text, index) => text !== before[index])) {
  problems.push('uninstall did not bring the settings back to the byte')
}
await command(...install)

const bridge = await startedProcess({
  ...basics,
  DATA_DIR: dataDir,
  OTLP_GRPC_PORT: 'off',
  PAGE_ACCESS: 'open',
  SEND_ESTIMATES: 'on',
  LANGFUSE_HOST: langfuse.url,
  LANGFUSE_PUBLIC_KEY: STAND_IN_KEYS.publicKey,
  LANGFUSE_SECRET_KEY: STAND_IN_KEYS.secretKey,
})

const program = join(values.packages, 'node_modules', agent.program)
const [executable, ...first] = agent.isScript ? [process.execPath, program] : [program]

function started(args: readonly string[]): ChildProcess {
  const child = spawn(executable, [...first, ...args], {
    cwd: workDir,
    env: { ...basics, ...agent.environment(place), ...agent.telemetry },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      appendFileSync(join(folder, 'agent.log'), chunk)
    })
  }
  return child
}

async function prompted(args: readonly string[]): Promise<void> {
  const child = started(args)
  const limit = setTimeout(() => child.kill('SIGKILL'), PROMPT_LIMIT_MS)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(limit)
  if (code !== 0) problems.push(`${agent.name} ${args[0]} ended with ${code ?? signal}`)
}

async function listening(port: number): Promise<void> {
  const until = Date.now() + ARRIVAL_LIMIT_MS
  while (Date.now() < until) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await delay(POLL_MS)
  }
  throw new Error(`nothing listens on ${port}`)
}

try {
  const server = agent.server && started(agent.server)
  if (server !== undefined) await listening(Number(agent.server?.at(-1)))
  await prompted(agent.first(`Make a file. ${markerOf('one')}`))
  await prompted(agent.next(`Is it there? ${markerOf('two')}`))

  const stored = () => storedOf(command, agent.agent)
  const isThere = async () =>
    differences(expectedOf(agent, api.served()), await stored()).length === 0
  const until = Date.now() + ARRIVAL_LIMIT_MS
  while (!(await isThere()) && Date.now() < until) await delay(POLL_MS)
  if (server !== undefined) {
    server.kill('SIGTERM')
    await once(server, 'close')
  }
  bridge.kill('SIGTERM')
  await bridge.ended()

  const expected = expectedOf(agent, api.served())
  for (const [where, told] of [
    ['store', await stored()],
    ['Langfuse', deliveredOf(langfuse, agent.agent)],
  ] as const) {
    problems.push(...differences(expected, told).map((line) => `${where}: ${line}`))
  }
  await command('uninstall')
  if (textsOf().some((text) => text.includes('127.0.0.1:4318'))) {
    problems.push('uninstall left the address of the bridge in the settings')
  }
  say(problems.length === 0 ? `as answered: ${JSON.stringify(expected)}` : 'differs')
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
}
await api.close()
await langfuse.close()
for (const problem of problems) say(problem)
if (problems.length === 0) rmSync(folder, { recursive: true, force: true })
else say(`all of it is in ${folder}`)
process.exit(problems.length === 0 ? 0 : 1)
