import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeLogs, decodeMetrics, decodeTraces } from './decoded.ts'

const corpus = new URL('../../corpus/claude-code/', import.meta.url)
const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' })

function parsed(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(file, corpus), 'utf8')) as Record<string, unknown>
}

/** Counts a key in the raw text: each record and point has its own. */
function countOf(file: string, key: string): number {
  return readFileSync(new URL(file, corpus), 'utf8').split(`"${key}":`).length - 1
}

const logFiles = files.filter((file) => file.endsWith('-logs.json'))
const metricFiles = files.filter((file) => file.endsWith('-metrics.json'))
const traceFiles = files.filter((file) => file.endsWith('-traces.json'))

describe('every recorded request is read without a refusal', () => {
  it('has recordings to read', () => {
    expect(logFiles.length).toBeGreaterThan(20)
    expect(metricFiles.length).toBeGreaterThan(20)
    expect(traceFiles.length).toBeGreaterThan(20)
  })

  it.each(logFiles)('%s', (file) => {
    const decoded = decodeLogs(parsed(file))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const { accepted, rejected } = decoded.value
    expect(rejected).toEqual([])
    expect(accepted).toHaveLength(countOf(file, 'observedTimeUnixNano'))
    for (const record of accepted) {
      expect(record.timeMs).toBeGreaterThan(1.7e12)
      expect(record.origin.resource).toHaveProperty(['service.version'])
      const name = (record.body as string).replace(/^claude_code\./, '')
      expect(record.attributes['event.name']).toBe(name)
    }
  })

  it.each(metricFiles)('%s', (file) => {
    const decoded = decodeMetrics(parsed(file))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const { accepted, rejected } = decoded.value
    expect(rejected).toEqual([])
    expect(accepted).toHaveLength(countOf(file, 'asDouble') + countOf(file, 'asInt'))
  })

  it.each(traceFiles)('%s', (file) => {
    const decoded = decodeTraces(parsed(file))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const { accepted, rejected } = decoded.value
    expect(rejected).toEqual([])
    expect(accepted).toHaveLength(countOf(file, 'startTimeUnixNano'))
    for (const span of accepted) {
      expect(span.startMs).toBeGreaterThan(1.7e12)
      expect(span.endMs).toBeGreaterThanOrEqual(span.startMs)
      expect(span.name).toMatch(/^claude_code\./)
      expect(span.attributes['session.id']).toEqual(expect.any(String))
    }
  })
})
