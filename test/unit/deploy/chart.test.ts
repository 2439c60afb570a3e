/** The Helm chart: rendered in its variants, each manifest against the schemas of Kubernetes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Ajv } from 'ajv'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, PersistentVolumeClaim, Service, ServiceAccount } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'
import { describe, expect, test } from 'vitest'
import { parseBudgets } from '../../../src/config/budgets-file.ts'
import { environmentSchema } from '../../../src/config/schema.ts'
import { LIVE_PATH, READY_PATH } from '../../../src/receivers/http/routes.ts'
import { createTemplates } from './go-template.ts'

const folder = join(import.meta.dirname, '../../../docs/deploy/helm/claude-telemetry')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> }
  /** A service account has none. */
  readonly spec?: Record<string, unknown>
  /** Of a config map. */
  readonly data?: Readonly<Record<string, string>>
}

type Values = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merged(base: Values, change: Values): Values {
  const both = Object.entries(change).map(([name, value]) => {
    const before = base[name]
    return [name, isMap(before) && isMap(value) ? merged(before, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(both) }
}

const chart = parse(read('Chart.yaml')) as { name: string; version: string; appVersion: string }
/** What has no default that could be right. */
const NEEDED: Values = {
  existingSecret: 'telemetry',
  image: { repository: 'ghcr.io/acme/claude-telemetry' },
}
const validate = new Ajv({ allErrors: true }).compile(
  JSON.parse(read('values.schema.json')) as object,
)
const defaults = parse(read('values.yaml')) as Values

/** Every manifest, as `helm template` gives them. */
function rendered(change: Values, release = 'prod'): readonly Manifest[] {
  const values = merged(merged(defaults, NEEDED), change)
  if (!validate(values)) throw new Error(JSON.stringify(validate.errors))
  const root = {
    Values: values,
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
    Release: { Name: release, Namespace: 'tools', Service: 'Helm' },
  }
  const templates = createTemplates()
  templates.render(read('templates/_helpers.tpl'), root)
  const files = readdirSync(join(folder, 'templates')).filter((file) => !file.startsWith('_'))
  return files.flatMap((file) => {
    const text = templates.render(read(`templates/${file}`), root)
    if (file === 'NOTES.txt') return []
    return parseAllDocuments(text).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
      const manifest = document.toJS() as Manifest | null
      return manifest === null ? [] : [manifest]
    })
  })
}

const models = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
  ServiceMonitor,
} as unknown as Record<string, new (of: Manifest) => { validate(): void; apiVersion: string }>

const everything: Values = {
  autoscaling: { enabled: true },
  ingress: {
    enabled: true,
    className: 'nginx',
    tlsSecret: 'ingress-tls',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '64m' },
  },
  metrics: {
    serviceMonitor: {
      enabled: true,
      labels: { release: 'prometheus' },
      keySecret: { name: 'scraping', key: 'key' },
    },
  },
  tls: { existingSecret: 'tls', clientCaSecret: 'clients' },
  networkPolicy: {
    from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'agents' } } }],
    metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
    to: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
  },
  env: { LANGFUSE_HOST: 'https://langfuse.example.com', RETENTION_DAYS: '90' },
  imagePullSecrets: [{ name: 'registry' }],
  extraEnv: [
    { name: 'NODE_EXTRA_CA_CERTS', value: '/files/ca.pem' },
    { name: 'ROUTES_FILE', value: '/files/routes.json' },
    {
      name: 'LANGFUSE_SECRET_KEY',
      valueFrom: { secretKeyRef: { name: 'langfuse', key: 'secret' } },
    },
  ],
  extraEnvFrom: [{ configMapRef: { name: 'more' } }],
  extraVolumes: [{ name: 'files', secret: { secretName: 'telemetry-files' } }],
  extraVolumeMounts: [{ name: 'files', mountPath: '/files', readOnly: true }],
  budgets: [
    { name: 'shop', for: 'project:shop', window: 'month', limitUsd: 500.5 },
    { name: 'all-5h', window: '5h', limitUsd: 20 },
  ],
  podAnnotations: { team: 'platform' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'tools', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  serviceAccount: { annotations: { 'example.com/role': 'telemetry' } },
  service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
}
const variants: readonly (readonly [string, Values])[] = [
  ['as it comes', {}],
  ['one replica with a volume', { database: { enabled: false } }],
  [
    'a volume of a class',
    { database: { enabled: false }, persistence: { storageClassName: 'fast' } },
  ],
  ['everything', everything],
  ['everything without a database', { ...everything, database: { enabled: false } }],
  [
    'nothing that can be left out',
    {
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
      resources: {},
    },
  ],
]

interface Container {
  readonly env: readonly { name: string; value?: string; valueFrom?: unknown }[]
  readonly ports: readonly { name: string; containerPort: number }[]
  readonly volumeMounts: readonly { name: string; mountPath: string }[]
  readonly envFrom: readonly object[]
  readonly securityContext: object
  readonly image: string
}

function fail(message: string): never {
  throw new Error(message)
}

function podOf(manifests: readonly Manifest[]) {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')
  const { template } = (deployment?.spec ?? fail('no deployment')) as {
    template: {
      spec: Record<string, unknown>
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> }
    }
  }
  const [container] = template.spec.containers as [
    Container &
      Record<
        'startupProbe' | 'livenessProbe' | 'readinessProbe',
        { httpGet: { path: string; port: string; scheme: string } }
      >,
  ]
  return { ...template, container, deployment }
}

describe.each(variants)('%s', (_, values) => {
  test('is valid for Kubernetes, kind by kind', () => {
    for (const manifest of rendered(values)) {
      const Model = models[manifest.kind]
      if (Model === undefined) throw new Error(`no schema for ${manifest.kind}`)
      const model = new Model(manifest)
      expect([manifest.kind, model.apiVersion]).toEqual([manifest.kind, manifest.apiVersion])
      expect(() => model.validate()).not.toThrow()
      expect(manifest.metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'claude-telemetry',
        'app.kubernetes.io/instance': 'prod',
        'app.kubernetes.io/version': chart.appVersion,
      })
    }
  })

  test('what refers to something refers to what is there', () => {
    const manifests = rendered(values)
    const { container, metadata, spec } = podOf(manifests)
    const ports = container.ports.map(({ name }) => name)
    const services = manifests.filter(({ kind }) => kind === 'Service')
    for (const { spec: service } of services) {
      const { selector, ports: of } = service as {
        selector: Record<string, string>
        ports: { targetPort: string }[]
      }
      expect(metadata.labels).toMatchObject(selector)
      for (const { targetPort } of of) expect(ports).toContain(targetPort)
    }
    for (const { kind, spec: of } of manifests) {
      const selector = (of?.selector ?? of?.podSelector) as
        | { matchLabels?: Record<string, string> }
        | undefined
      const labels = kind === 'ServiceMonitor' ? services.at(-1)?.metadata.labels : metadata.labels
      expect(labels).toMatchObject(selector?.matchLabels ?? {})
    }
    const volumes = (spec.volumes as { name: string }[]).map(({ name }) => name)
    expect(new Set(container.volumeMounts.map(({ name }) => name))).toEqual(new Set(volumes))
    const known = [...Object.keys(environmentSchema.shape), 'NODE_EXTRA_CA_CERTS']
    for (const { name } of container.env) expect(known).toContain(name)
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    expect(probes.map(({ httpGet }) => httpGet.path)).toEqual([LIVE_PATH, LIVE_PATH, READY_PATH])
    for (const { httpGet } of probes) expect(ports).toContain(httpGet.port)
  })
})

describe('the pod', () => {
  test('may do nothing but its work', () => {
    const { container, spec } = podOf(rendered({}))
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    })
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/data', '/tmp'])
  })

  test('is given the time to drain and to deliver', () => {
    const { container, spec } = podOf(
      rendered({ drainDelaySeconds: 7, shutdownTimeoutSeconds: 11 }),
    )
    const variable = (name: string) => container.env.find((each) => each.name === name)?.value
    expect([variable('DRAIN_DELAY'), variable('SHUTDOWN_TIMEOUT')]).toEqual(['7000', '11000'])
    expect(spec.terminationGracePeriodSeconds).toBe(33)
  })

  test('shares a database or has a volume, never both and never neither', () => {
    const shared = rendered({})
    expect(podOf(shared).deployment?.spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate' },
    })
    expect(podOf(shared).container.env).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'telemetry', key: 'DATABASE_URL' } },
    })
    expect(shared.map(({ kind }) => kind)).not.toContain('PersistentVolumeClaim')
    const alone = rendered({ database: { enabled: false }, autoscaling: { enabled: true } })
    expect(podOf(alone).deployment?.spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    })
    expect(podOf(alone).container.env.map(({ name }) => name)).not.toContain('DATABASE_URL')
    const kinds = alone.map(({ kind }) => kind)
    expect(kinds).toContain('PersistentVolumeClaim')
    expect(kinds).not.toContain('HorizontalPodAutoscaler')
    expect(kinds).not.toContain('PodDisruptionBudget')
  })

  test('reads the budgets of the values, and starts anew where they change', () => {
    const manifests = rendered(everything)
    const { container, spec, metadata } = podOf(manifests)
    expect(container.env).toContainEqual({
      name: 'BUDGETS_FILE',
      value: '/budgets/budgets.json',
    })
    expect(container.volumeMounts).toContainEqual({
      ...{ name: 'budgets', mountPath: '/budgets', readOnly: true },
    })
    const map = manifests.find(({ kind }) => kind === 'ConfigMap')
    expect(spec.volumes).toContainEqual({
      ...{ name: 'budgets', configMap: { name: map?.metadata.name } },
    })
    expect(parseBudgets(map?.data?.['budgets.json'] ?? '')).toEqual({
      ok: true,
      value: [
        { name: 'shop', of: 'project', subject: 'shop', window: 'month', limitUsd: 500.5 },
        { name: 'all-5h', of: 'all', window: '5h', limitUsd: 20 },
      ],
    })
    const raised = rendered({ ...everything, budgets: [{ name: 'a', window: 'day', limitUsd: 1 }] })
    const checksum = 'checksum/budgets'
    expect(metadata.annotations).toMatchObject({ team: 'platform' })
    expect(podOf(raised).metadata.annotations?.[checksum]).not.toBe(
      metadata.annotations?.[checksum],
    )
    expect(podOf(rendered({})).metadata).not.toHaveProperty('annotations')
  })

  test('has the variables and files of others', () => {
    const { container, spec } = podOf(rendered(everything))
    expect(container.envFrom).toEqual([
      { secretRef: { name: 'telemetry' } },
      { configMapRef: { name: 'more' } },
    ])
    expect(container.env.slice(-3)).toEqual(everything.extraEnv)
    expect(container.volumeMounts.at(-1)).toEqual({
      ...{ name: 'files', mountPath: '/files', readOnly: true },
    })
    expect((spec.volumes as unknown[]).at(-1)).toEqual({
      ...{ name: 'files', secret: { secretName: 'telemetry-files' } },
    })
  })

  test('is scraped with a key that only reads, where one is named', () => {
    const credentials = (values: Values) => {
      const monitor = rendered(values).find(({ kind }) => kind === 'ServiceMonitor')
      const { endpoints } = (monitor?.spec ?? fail('no monitor')) as {
        endpoints: { authorization: object }[]
      }
      return endpoints[0]?.authorization
    }
    expect(credentials(everything)).toMatchObject({ credentials: { name: 'scraping', key: 'key' } })
    expect(credentials({ metrics: { serviceMonitor: { enabled: true } } })).toMatchObject({
      credentials: { name: 'telemetry', key: 'API_KEY' },
    })
  })

  test('leaves the number of replicas to the autoscaler', () => {
    expect(podOf(rendered({ autoscaling: { enabled: true } })).deployment?.spec).not.toHaveProperty(
      'replicas',
    )
  })

  test('runs the image of its version, or of a digest', () => {
    const image = (change: Values) => podOf(rendered({ image: change })).container.image
    expect(image({ repository: 'r/x' })).toBe(`r/x:${chart.appVersion}`)
    expect(image({ repository: 'r/x', tag: '2' })).toBe('r/x:2')
    const digest = `sha256:${'ab'.repeat(32)}`
    expect(image({ repository: 'r/x', digest })).toBe(`r/x@${digest}`)
  })
})

describe('values', () => {
  const problems = (change: Values) => {
    validate(merged(merged(defaults, NEEDED), change))
    return (validate.errors ?? []).map(({ instancePath }) => instancePath)
  }

  test('are complete but for the secret and the image, which have to be named', () => {
    expect(problems({})).toEqual([])
    expect(problems({ existingSecret: '', image: { repository: '' } })).toEqual([
      '/image/repository',
      '/existingSecret',
    ])
  })

  test.each<readonly [Values, string]>([
    [{ replicas: 3 }, ''],
    [{ service: { httpPort: 80 } }, '/service/httpPort'],
    [{ env: { API_KEY: 'in-the-open' } }, '/env'],
    [{ env: { OTLP_GRPC_PORT: '1' } }, '/env'],
    [{ env: { BUDGETS_FILE: '/x' } }, '/env'],
    [{ budgets: [{ name: 'a', window: 'year', limitUsd: 1 }] }, '/budgets/0/window'],
    [{ extraEnv: [{ name: 'DATA_DIR', value: '/x' }] }, '/extraEnv/0/name'],
    [{ extraVolumes: [{ name: 'data', emptyDir: {} }] }, '/extraVolumes/0/name'],
    [{ extraVolumeMounts: [{ name: 'files' }] }, '/extraVolumeMounts/0'],
    [{ image: { digest: 'latest' } }, '/image/digest'],
    [{ tls: { clientCaSecret: 'x' } }, '/tls/existingSecret'],
  ])('that are wrong are refused: %j', (change, path) => {
    expect(problems(change)).toContain(path)
  })

  test('have a schema for each, and nothing more', () => {
    const { properties } = JSON.parse(read('values.schema.json')) as { properties: object }
    expect(new Set(Object.keys(properties))).toEqual(new Set([...Object.keys(defaults), 'global']))
  })
})

test('the version is that of the program', () => {
  const { version } = JSON.parse(
    readFileSync(join(folder, '../../../../package.json'), 'utf8'),
  ) as { version: string }
  expect([chart.appVersion, chart.version]).toEqual([version, version])
})
