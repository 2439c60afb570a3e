/**
 * `/metrics` of a bridge that worked: every figure is there and right, nothing of what was sent is in
 * it, and the dashboard, the alerts and their page name only what exists.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { post, turn } from './cli/telemetry.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const deploy = join(import.meta.dirname, '../../docs/deploy')
const API_KEY = 'a-key-of-sixteen-characters'
const SECRET = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function started(settings: Record<string, string> = {}) {
  const dataDir = temporaryFolder()
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), ...settings })
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  return bridge
}

/** A scrape after everything happened that makes a metric appear. */
async function scrapeOfABridgeThatWorked(): Promise<string> {
  const dataDir = temporaryFolder()
  const langfuse = await createLangfuseStandIn()
  const bridge = await startBridge({
    ...bridgeEnvironment(dataDir, langfuse),
    OTLP_GRPC_PORT: '0',
    BUDGET_SESSION_USD: '1',
  })
  try {
    await replay(bridge.url, recording('tools'))
    await post(bridge.url, [
      {
        id: 'session-in-no-label',
        userId: 'user-in-no-label',
        events: turn(`my token is ${SECRET}, and my words are in no label`, 2),
      },
    ])
    await fetch(`${bridge.url}/v1/logs`, { method: 'POST', body: 'path-in-no-label' })
    await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"x"}]}]}]}',
    })
    const lastDelivery = /exporter_last_delivery_timestamp_seconds\{exporter="langfuse"\} \d/
    await eventually('a delivery', async () => lastDelivery.test(await scrape(bridge.url)))
    // What comes now waits.
    langfuse.always(() => ({ kind: 'reset' }))
    await post(bridge.url, [{ id: 'another', events: turn('later', 0.1) }])
    const waiting = /sessions_open 3$.*outbox_oldest_item_age_seconds\{exporter="langfuse"\}/ms
    await eventually('something that waits', async () => waiting.test(await scrape(bridge.url)))
    return await scrape(bridge.url)
  } finally {
    langfuse.always(undefined)
    await bridge.stop()
    await langfuse.close()
    removeFolder(dataDir)
  }
}

async function scrape(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

/** Names of samples with the names of their labels. */
function samplesOf(text: string): Map<string, Set<string>> {
  const samples = new Map<string, Set<string>>()
  for (const line of text.split('\n')) {
    const found = /^([a-z_][a-z_0-9]*)(?:\{(.*)\})? /i.exec(line)
    if (found === null || line.startsWith('#')) continue
    const [, name = '', labels = ''] = found
    const known = samples.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label)
    samples.set(name, known)
  }
  return samples
}

let text: string
let samples: Map<string, Set<string>>
beforeAll(async () => {
  text = await scrapeOfABridgeThatWorked()
  samples = samplesOf(text)
}, 120_000)

describe('a scrape', () => {
  test('has the right figures', () => {
    const value = (sample: string) => {
      const line = text.split('\n').find((each) => each.startsWith(`claude_telemetry_${sample} `))
      return Number(line?.split(' ').at(-1))
    }
    expect(value('records_total{receiver="http",signal="logs"}')).toBeGreaterThan(10)
    expect(value('requests_total{receiver="http",signal="logs",code="415"}')).toBe(1)
    expect(value('refusals_total{reason="unsupported_type"}')).toBe(1)
    expect(value('refusals_total{reason="unknown_agent"}')).toBe(1)
    expect(value('masked_values_total{rule="github-token"}')).toBe(1)
    expect(value('budget_alerts_total{scope="session",threshold="100"}')).toBe(1)
    expect(value('budget_limit_usd{scope="session"}')).toBe(1)
    expect(value('sessions_open')).toBe(3)
    expect(value('outbox_pending_items{exporter="langfuse"}')).toBeGreaterThan(0)
    expect(value('exporter_items_total{exporter="langfuse",outcome="delivered"}')).toBeGreaterThan(
      2,
    )
    expect(value('storage_writable')).toBe(1)
    expect(value('storage_commit_duration_seconds_count')).toBeGreaterThan(2)
    expect(value('storage_commit_failures_total')).toBe(0)
    expect(value('ready')).toBe(1)
    expect(value('quarantine_records')).toBe(1)
  })

  test('holds nothing of what was sent, and no name of a session or user', () => {
    expect(text).not.toMatch(/in-no-label|my words|my token/)
    expect(text).not.toContain(SECRET)
    const [sessionId = ''] = Object.keys(recording('tools').truth)
    expect(sessionId).not.toBe('')
    expect(text).not.toContain(sessionId)
  })

  test('follows the conventions for names', () => {
    const types = [...text.matchAll(/^# TYPE (claude_telemetry_\S+) (\w+)$/gm)]
    expect(types.length).toBeGreaterThan(25)
    for (const [, name = '', type] of types) {
      expect(name).toMatch(/^[a-z_]+$/)
      expect([name, /_total$/.test(name)]).toEqual([name, type === 'counter'])
      const isTimed = /_seconds$/.test(name)
      expect([name, type === 'histogram' && !isTimed]).toEqual([name, false])
    }
  })
})

describe('who may scrape', () => {
  test('with a key: who sends it', async () => {
    const { url } = await started({ API_KEY })
    const ask = (authorization?: string) =>
      fetch(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } })
    expect((await ask()).status).toBe(401)
    const wrong = await ask('Bearer another-key-of-16-characters')
    expect([wrong.status, await wrong.text()]).toEqual([
      401,
      expect.not.stringContaining('claude_telemetry_'),
    ])
    const right = await ask(`Bearer ${API_KEY}`)
    expect(right.status).toBe(200)
    expect(right.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await right.text()).toContain('claude_telemetry_build_info{version="')
  })

  test('with METRICS_PORT: there alone, where there is nothing else', async () => {
    const { app, url, ...bridge } = await started({ METRICS_PORT: '0', API_KEY })
    expect(app).toBeDefined()
    const metricsUrl = bridge.metrics ?? ''
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    const headers = { authorization: `Bearer ${API_KEY}` }
    expect((await fetch(`${metricsUrl}/metrics`)).status).toBe(401)
    expect((await fetch(`${metricsUrl}/metrics`, { headers })).status).toBe(200)
    expect((await fetch(`${metricsUrl}/health/live`)).status).toBe(200)
    expect((await fetch(`${metricsUrl}/health/ready`)).status).toBe(200)
    expect((await fetch(`${metricsUrl}/health`, { headers })).status).toBe(200)
    for (const [method, path] of [
      ['POST', '/v1/logs'],
      ['GET', '/api/sessions'],
      ['GET', '/'],
    ] as const) {
      const answer = await fetch(`${metricsUrl}${path}`, { method, headers })
      expect([path, answer.status]).toEqual([path, 404])
    }
  })
})

/** What Prometheus itself adds, or makes. */
const ADDED_LABELS = ['job', 'instance', 'le']
const OF_PROMETHEUS = new Map([['up', new Set<string>()]])

/** Metrics with the labels that an expression names of them, and the labels that it groups by. */
function namesIn(promql: string) {
  const expression = promql.replaceAll('$__rate_interval', '5m')
  const selectors: { name: string; labels: string[] }[] = []
  const grouped: string[] = []
  let errors = 0
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) errors += 1
      const textOf = (at: { from: number; to: number }) => expression.slice(at.from, at.to)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        selectors.push({ name: name === null ? '' : textOf(name), labels: [] })
      }
      if (type.name === 'LabelName') {
        const isMatcher = node.parent?.name.endsWith('LabelMatcher') === true
        if (isMatcher) selectors.at(-1)?.labels.push(textOf({ from, to }))
        else grouped.push(textOf({ from, to }))
      }
    },
  })
  return { selectors, grouped, errors }
}

/** What an expression names that no scrape has. */
function unknownIn(promql: string): readonly string[] {
  const { selectors, grouped, errors } = namesIn(promql)
  if (errors > 0 || selectors.length === 0) return [`not PromQL: ${promql}`]
  const labelsOf = (name: string) => samples.get(name) ?? OF_PROMETHEUS.get(name)
  const ofAll = new Set(selectors.flatMap(({ name }) => [...(labelsOf(name) ?? [])]))
  return [
    ...selectors.flatMap(({ name, labels }) => {
      const known = labelsOf(name)
      if (known === undefined) return [`${name} in ${promql}`]
      return labels
        .filter((label) => !known.has(label) && !ADDED_LABELS.includes(label))
        .map((label) => `${name}{${label}}`)
    }),
    ...grouped.filter((label) => !ofAll.has(label) && !ADDED_LABELS.includes(label)),
  ]
}

describe('the check of expressions itself', () => {
  test.each([
    ['sum by (receiver) (rate(claude_telemetry_requests_total{code!="200"}[5m]))', []],
    ['claude_telemetry_no_such_metric > 0', ['claude_telemetry_no_such_metric in ']],
    ['claude_telemetry_requests_total{user="x"}', ['claude_telemetry_requests_total{user}']],
    ['sum by (user) (claude_telemetry_requests_total)', ['user']],
    ['sum(', ['not PromQL']],
  ])('%s', (promql, expected) => {
    const found = unknownIn(promql)
    expect(found.map((each, n) => each.startsWith(expected[n] ?? '-'))).toEqual(
      expected.map(() => true),
    )
  })
})

describe('what is shipped for Prometheus and Grafana names only what a scrape has', () => {
  const read = (file: string) => readFileSync(join(deploy, file), 'utf8')

  test('the alerts', () => {
    const { groups } = parseYaml(read('prometheus/alerts.yaml')) as {
      groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[]
    }
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(10)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    expect(rules.flatMap(({ expr }) => unknownIn(expr))).toEqual([])
    for (const { annotations } of rules) {
      expect(annotations).toMatchObject({ summary: /./, description: /./ })
    }
  })

  test('the dashboard', () => {
    const dashboard = JSON.parse(read('grafana/claude-telemetry.json')) as {
      panels: { id: number; title: string; targets?: { expr: string; legendFormat: string }[] }[]
      templating: { list: { query: string | { query: string } }[] }
    }
    const { panels, templating } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const targets = panels.flatMap((panel) => panel.targets ?? [])
    expect(targets.length).toBeGreaterThan(30)
    expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([])
    for (const { expr, legendFormat } of targets) {
      const { selectors } = namesIn(expr)
      const known = selectors.flatMap(({ name }) => [...(samples.get(name) ?? []), ...ADDED_LABELS])
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
      expect([expr, shown.filter((label) => !known.includes(label ?? ''))]).toEqual([expr, []])
    }
    const queries = templating.list.flatMap(({ query }) =>
      typeof query === 'string' ? [] : [query.query],
    )
    expect(queries).toHaveLength(2)
    for (const query of queries) {
      const [, selector = ''] = /^label_values\((.*), \w+\)$/.exec(query) ?? []
      expect(unknownIn(selector)).toEqual([])
    }
  })

  test('the page about monitoring has every metric of ours, and no other', () => {
    const named = [...read('monitoring.md').matchAll(/^\| `(claude_telemetry_\w+)` \|/gm)]
    const types = [...text.matchAll(/^# TYPE (claude_telemetry_\S+) /gm)]
    const names = (found: RegExpExecArray[]) => new Set(found.map(([, name]) => name))
    expect(names(named)).toEqual(names(types))
  })
})
