/** Several processes on one PostgreSQL, each with a data folder and a way to the database of its own. */
import { bridgeEnvironment, removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { type BridgeProcess, startedProcess } from '../corpus/bridge-process.ts'
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import type { Random } from './random.ts'
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export interface Replica {
  /** Between this replica and the database. */
  readonly proxy: TcpProxy
  /** Where it listens now; undefined while it does not. */
  url(): string | undefined
  /** Does nothing when it runs. `project` is the folder of another version of the program. */
  start(project?: string): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for an end in good order. Resolves to what is left in the outbox. */
  stop(): Promise<number>
}

export interface Replicas {
  readonly all: readonly Replica[]
  /** Where one of those that run listens, another one each time. */
  anyUrl(): string | undefined
  any(): Replica
  /** All at the same moment. */
  start(): Promise<void>
  /** SIGTERM to all at the same moment. Resolves to what is left in the outbox. */
  stop(): Promise<number>
  /** What all processes so far have logged. */
  log(): string
  /** Ends and removes all. */
  remove(): Promise<void>
}

export interface ReplicasOptions {
  readonly count: number
  /** `postgres://…`, without the proxies. */
  readonly databaseUrl: string
  readonly langfuse: LangfuseStandIn
  readonly environment: Readonly<Record<string, string>>
  readonly random: Random
}

export async function createReplicas(options: ReplicasOptions): Promise<Replicas> {
  const { count, random } = options
  let log = ''
  const note = (text: string) => {
    log += text
  }
  const created = await Promise.all(
    Array.from({ length: count }, () => createReplica(options, note)),
  )
  const all = created.map(({ replica }) => replica)

  return {
    all,
    anyUrl: () => {
      const urls = all.flatMap((replica) => replica.url() ?? [])
      return urls[random.between(0, urls.length - 1)]
    },
    any: () => all[random.between(0, all.length - 1)] as Replica,
    start: async () => void (await Promise.all(all.map((replica) => replica.start()))),
    stop: async () => Math.min(...(await Promise.all(all.map((replica) => replica.stop())))),
    log: () => log + created.map(({ current }) => current()).join(''),
    remove: async () => {
      for (const { replica, remove } of created) {
        replica.signal('SIGCONT')
        await replica.kill()
        await remove()
      }
    },
  }
}

async function createReplica(
  { databaseUrl, langfuse, environment }: ReplicasOptions,
  note: (log: string) => void,
) {
  const dataDir = temporaryFolder()
  const address = new URL(databaseUrl)
  const proxy = await createTcpProxy(Number(address.port))
  address.port = String(proxy.port)
  const variables = {
    ...bridgeEnvironment(dataDir, langfuse),
    ...environment,
    DATABASE_URL: address.href,
  }
  let running: BridgeProcess | undefined

  async function end(signal: NodeJS.Signals) {
    const ending = running
    if (ending === undefined) return undefined
    ending.kill(signal)
    const code = await ending.ended()
    if (running === ending) {
      running = undefined
      note(ending.log())
    }
    return { code, log: ending.log() }
  }

  const replica: Replica = {
    proxy,
    url: () => running?.url,
    start: async (project) => {
      running ??= await startedProcess(variables, { project })
    },
    signal: (signal) => running?.kill(signal),
    kill: async () => void (await end('SIGKILL')),
    stop: async () => {
      const ended = await end('SIGTERM')
      if (ended === undefined) return Number.POSITIVE_INFINITY
      if (ended.code !== 0) {
        throw new Error(`SIGTERM ended with ${ended.code}: ${ended.log.slice(-2000)}`)
      }
      return Number(/"pending":(\d+),"msg":"stopped/.exec(ended.log)?.[1] ?? Number.NaN)
    },
  }
  const remove = async () => {
    await proxy.close()
    removeFolder(dataDir)
  }
  return { replica, remove, current: () => running?.log() ?? '' }
}
