import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observability/logger.ts'

/** A logger, and the lines it wrote as objects. */
function logged(level: string) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>)
  }
  return { log: createLogger(level, { write }), lines }
}

describe('a log line', () => {
  it('is JSON with level, ISO time, facts and message, and nothing else', () => {
    const { log, lines } = logged('info')
    log.info({ port: 4318 }, 'listening')
    expect(Object.keys(lines[0] ?? {}).toSorted()).toEqual(['level', 'msg', 'port', 'time'])
    expect(lines[0]).toMatchObject({ level: 'info', port: 4318, msg: 'listening' })
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('does nothing to a terminal that shows it, and says the same', () => {
    const texts: string[] = []
    const evil = '\u009b2J\u001b]52;c;eA==\u0007\u202e\u007f'
    createLogger('info', { write: (line) => texts.push(line) }).warn({ reason: evil }, evil)
    expect(texts.join('')).toMatch(/^[\x20-\x7e]+\n$/)
    expect(JSON.parse(texts.join(''))).toMatchObject({ reason: evil, msg: evil })
  })

  it('is left out below the level, and always when silent', () => {
    const quiet = logged('warn')
    quiet.log.info({}, 'no')
    quiet.log.warn({}, 'yes')
    expect(quiet.lines.map((line) => line.msg)).toEqual(['yes'])
    const silent = logged('silent')
    silent.log.error({}, 'no')
    expect(silent.lines).toEqual([])
  })

  it.each([
    { apiKey: 'hush' },
    { secretKey: 'hush' },
    { password: 'hush' },
    { langfuse: { publicKey: 'hush', secretKey: 'hush' } },
    { request: { headers: { authorization: 'Bearer hush' } } },
    { env: { API_KEY: 'hush', LANGFUSE_SECRET_KEY: 'hush' } },
  ])('hides keys: %j', (facts) => {
    const { log, lines } = logged('info')
    log.info(facts, 'facts')
    expect(JSON.stringify(lines)).toContain('(hidden)')
    expect(JSON.stringify(lines)).not.toContain('hush')
  })

  it('shows an error with its stack', () => {
    const { log, lines } = logged('info')
    log.error({ err: new Error('disk full') }, 'not stored')
    expect(lines[0]?.err).toMatchObject({ type: 'Error', message: 'disk full' })
    expect(lines[0]?.err).toHaveProperty('stack')
  })
})
