/** The image, the release, the compose profile and the configurations around the bridge, read as data. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { environmentSchema } from '../../../src/config/schema.ts'
import { loadConfig } from '../../../src/config/load-config.ts'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const yaml = (file: string): unknown => parse(read(file), { merge: true })
const settings = Object.keys(environmentSchema.shape)

const config = loadConfig({}, { os: 'linux', homeDir: '/home/ada', workingDir: '/' })
if (!config.ok) throw new Error('the defaults are wrong')
const { port: HTTP_PORT, grpcPort: GRPC_PORT, maxRequestBytes } = config.value.receiver

// As they stand in the files, where `$` begins a variable.
const BASE = '{NODE_IMAGE}'
const KEY = '{env:CLAUDE_TELEMETRY_KEY}'

describe('the image', () => {
  const dockerfile = read('scripts/container/Dockerfile')
  const instructions = dockerfile
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
  const all = (name: string) => instructions.filter(([first]) => first === name)
  const last = instructions.slice(instructions.findLastIndex(([first]) => first === 'FROM'))
  const inLast = (name: string) => last.filter(([first]) => first === name)

  test('is built in stages from one base of a whole version, of the Node that is needed', () => {
    const base = `$${BASE}`
    expect(all('FROM').map(([, image]) => image)).toEqual([base, base])
    const [, image = ''] = all('ARG')[0] ?? []
    const [, major] = /^NODE_IMAGE=node:(\d+)\.\d+\.\d+-[a-z-]+$/.exec(image) ?? []
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    expect(engines.node).toBe(`>=${major}`)
  })

  test('runs as nobody in particular, and is asked whether it is well', () => {
    expect(inLast('USER')).toEqual([['USER', '10001:10001']])
    expect(inLast('STOPSIGNAL')).toEqual([['STOPSIGNAL', 'SIGTERM']])
    expect(inLast('HEALTHCHECK').join()).toContain('/app/healthcheck.ts')
    expect(inLast('ENTRYPOINT')).toEqual([['ENTRYPOINT', '["node",', '"/app/dist/main.js"]']])
    expect(inLast('EXPOSE')).toEqual([['EXPOSE', `${GRPC_PORT}`, `${HTTP_PORT}`]])
    const variables = inLast('ENV').flatMap((line) => line.slice(1))
    const named = variables.map((pair) => pair.split('=')[0] ?? '').filter((name) => name !== '')
    expect(named.filter((name) => !['NODE_ENV', 'HOME', ...settings].includes(name))).toEqual([])
  })

  test('copies what is there, and nothing that the ignore file keeps out', () => {
    const ignore = read('scripts/container/Dockerfile.dockerignore').split('\n')
    const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    expect(ignore).toContain('*')
    const sources = all('COPY')
      .filter((line) => !line.some((part) => part.startsWith('--from')))
      .flatMap((line) => line.slice(1, -1))
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
      expect(allowed).toContain(source.split('/')[0])
    }
    expect(allowed.filter((file) => /env|data|node_modules|dist/.test(file))).toEqual([])
  })
})

describe('the release', () => {
  const workflow = yaml('.github/workflows/release.yml') as {
    on: object
    permissions: object
    jobs: Record<string, { needs?: string; permissions: object; steps: Record<string, unknown>[] }>
  }

  test('is made by a tag, after the tests, with no more rights than it needs', () => {
    expect(workflow.on).toEqual({ push: { tags: ['v*'] } })
    expect(workflow.permissions).toEqual({})
    expect(workflow.jobs.publish?.needs).toBe('test')
    expect(workflow.jobs.test?.permissions).toEqual({ contents: 'read' })
    expect(workflow.jobs.test?.steps.some(({ run }) => run === 'bash .ci/run')).toBe(true)
  })

  test('builds the file of the image, for both processors, with provenance', () => {
    const steps = workflow.jobs.publish?.steps ?? []
    const build = steps.find(({ uses }) => String(uses).startsWith('docker/build-push-action@'))
    expect(build?.with).toMatchObject({
      file: 'scripts/container/Dockerfile',
      platforms: 'linux/amd64,linux/arm64',
      provenance: 'mode=max',
      sbom: true,
    })
    expect(existsSync(join(root, 'scripts/container/Dockerfile'))).toBe(true)
    const actions = steps.flatMap(({ uses }) => (typeof uses === 'string' ? [uses] : []))
    expect(actions.filter((name) => !/@v\d+$/.test(name))).toEqual([])
    const chart = /chart=(\S+)$/m.exec(steps.map(({ run }) => String(run)).join('\n'))?.[1] ?? ''
    expect(existsSync(join(root, chart, 'Chart.yaml'))).toBe(true)
  })
})

describe('the compose profile team', () => {
  interface Service {
    readonly profiles?: readonly string[]
    readonly environment?: Record<string, string>
    readonly volumes?: readonly string[]
    readonly ports?: readonly string[]
    readonly [name: string]: unknown
  }
  const { services, volumes } = yaml('docker-compose.yml') as {
    services: Record<string, Service>
    volumes: object
  }
  const team = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('team'))

  test('adds three replicas, their database and a balancer, and nothing to the stack of one machine', () => {
    expect(team.map(([name]) => name)).toEqual([
      'telemetry',
      'telemetry-balancer',
      'telemetry-postgres',
    ])
    expect(Object.values(services).filter(({ profiles }) => profiles !== undefined)).toHaveLength(3)
    expect(services.telemetry).toMatchObject({
      deploy: { replicas: 3 },
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      build: { dockerfile: 'scripts/container/Dockerfile' },
    })
    expect(services.telemetry?.ports).toBeUndefined()
    for (const name of Object.keys(services.telemetry?.environment ?? {})) {
      expect(settings).toContain(name)
    }
  })

  test('asks for no variable that the stack of one machine does not ask for', () => {
    const asked = (of: readonly Service[]) =>
      new Set([...JSON.stringify(of).matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name))
    const others = asked(Object.values(services).filter(({ profiles }) => profiles === undefined))
    for (const name of asked(team.map(([, service]) => service))) expect(others).toContain(name)
  })

  test('is put together: files, volumes and names are there', () => {
    for (const [, { volumes: mounted = [] }] of team) {
      for (const mount of mounted) {
        const [from = ''] = mount.split(':')
        const isThere = from.startsWith('.') ? existsSync(join(root, from)) : from in volumes
        expect([from, isThere]).toEqual([from, true])
      }
    }
    const database = new URL(
      services.telemetry?.environment?.DATABASE_URL?.replace(/\$\{.*?\}/, 'x') ?? '',
    )
    expect(Object.keys(services)).toContain(database.hostname)
    expect(services[database.hostname]?.environment).toMatchObject({
      POSTGRES_USER: database.username,
      POSTGRES_DB: database.pathname.slice(1),
    })
  })

  test('the balancer sends each protocol to its port, with room for the largest request', () => {
    const nginx = read('docs/deploy/compose/nginx.conf')
    const servers = [...nginx.matchAll(/server (\S+):(\d+) resolve/g)].map(([, host, port]) => [
      host,
      Number(port),
    ])
    expect(servers).toEqual([
      ['telemetry', HTTP_PORT],
      ['telemetry', GRPC_PORT],
    ])
    expect([...nginx.matchAll(/listen (\d+);/g)].map(([, port]) => Number(port))).toEqual([
      HTTP_PORT,
      GRPC_PORT,
    ])
    expect(nginx).toContain(`client_max_body_size ${maxRequestBytes / 1024 / 1024}m;`)
    expect(nginx.split('{').length).toBe(nginx.split('}').length)
    const upstreams = [...nginx.matchAll(/^ *upstream (\w+) \{/gm)].map(([, name]) => name)
    expect([...nginx.matchAll(/_pass \w+:\/\/(\w+);/g)].map(([, name]) => name)).toEqual(upstreams)
  })
})

describe('collectors before the bridge', () => {
  type Parts = Record<string, Record<string, unknown>>
  interface Collector {
    readonly receivers: Parts
    readonly processors?: Parts
    readonly exporters: Parts
    readonly extensions?: Parts
    readonly service: {
      readonly extensions?: readonly string[]
      readonly pipelines: Record<
        string,
        { receivers: string[]; processors?: string[]; exporters: string[] }
      >
    }
  }
  const files = globSync('docs/deploy/collector/*.yaml', { cwd: root })

  test('are there', () => {
    expect(files).toHaveLength(3)
  })

  test.each(files)('%s is whole: what is named is defined, and what is defined is used', (file) => {
    const {
      receivers,
      processors = {},
      exporters,
      extensions = {},
      service,
    } = yaml(file) as Collector
    const used = Object.values(service.pipelines)
    expect(new Set(Object.keys(service.pipelines))).toEqual(new Set(['logs', 'metrics', 'traces']))
    const names = (of: 'receivers' | 'processors' | 'exporters') =>
      new Set(used.flatMap((each) => each[of] ?? []))
    expect(names('receivers')).toEqual(new Set(Object.keys(receivers)))
    expect(names('processors')).toEqual(new Set(Object.keys(processors)))
    expect(names('exporters')).toEqual(new Set(Object.keys(exporters)))
    expect(new Set(service.extensions ?? [])).toEqual(new Set(Object.keys(extensions)))
  })

  test.each(['collector.yaml', 'kafka-out.yaml'])(
    '%s sends to the bridge as it wants it',
    (name) => {
      const { exporters } = yaml(`docs/deploy/collector/${name}`) as Collector
      const bridge = exporters['otlp_http/bridge'] ?? {}
      const url = new URL(String(bridge.endpoint))
      expect([url.port, url.pathname]).toEqual([`${HTTP_PORT}`, '/'])
      expect(bridge).toMatchObject({
        encoding: 'proto',
        compression: 'gzip',
        headers: { Authorization: `Bearer $${KEY}` },
      })
    },
  )

  test.each(['collector.yaml', 'kafka-in.yaml'])('%s takes what the bridge would take', (name) => {
    const { receivers } = yaml(`docs/deploy/collector/${name}`) as Collector
    expect(receivers.otlp?.protocols).toEqual({
      http: {
        endpoint: `0.0.0.0:${HTTP_PORT}`,
        auth: { authenticator: 'bearertokenauth' },
      },
      grpc: {
        endpoint: `0.0.0.0:${GRPC_PORT}`,
        auth: { authenticator: 'bearertokenauth' },
        max_recv_msg_size_mib: maxRequestBytes / 1024 / 1024,
      },
    })
  })

  test('what goes into Kafka comes out of it', () => {
    const { exporters } = yaml('docs/deploy/collector/kafka-in.yaml') as Collector
    const { receivers } = yaml('docs/deploy/collector/kafka-out.yaml') as Collector
    for (const signal of ['logs', 'metrics', 'traces']) {
      const to = exporters.kafka?.[signal] as { topic: string; encoding: string }
      const from = receivers.kafka?.[signal] as { topics: string[]; encoding: string }
      expect([from.topics, from.encoding]).toEqual([[to.topic], to.encoding])
    }
  })
})

describe('the pages about deployment', () => {
  const pages = globSync('docs/deploy/*.md', { cwd: root })

  test('link to what is there', () => {
    expect(pages.length).toBeGreaterThan(6)
    for (const page of pages) {
      for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue
        const path = resolve(root, dirname(page), target)
        expect([page, target, existsSync(path)]).toEqual([page, target, true])
      }
    }
  })

  test('have YAML that can be read, and name settings that there are', () => {
    for (const page of pages) {
      const text = read(page)
      for (const [, block = ''] of text.matchAll(/```yaml\n(.*?)```/gs))
        expect(() => parse(block) as unknown).not.toThrow()
      for (const [, name = ''] of text.matchAll(/^([A-Z][A-Z_]+)=/gm)) {
        const known = [
          ...settings,
          ...settings.map((each) => `${each}_FILE`),
          'NODE_EXTRA_CA_CERTS',
        ]
        expect([page, name, known.includes(name)]).toEqual([page, name, true])
      }
    }
  })
})
