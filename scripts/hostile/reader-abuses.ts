/** Pages, probes and deletions that ask for a lot while others send. */
import type { Abuse } from './abuse.ts'
import { expectStatus, get, halfSent, post, remove } from './http.ts'
import { logsBody, metricsBody, record } from './records.ts'
import type { Target } from './target.ts'

const RECORDS_PER_REQUEST = 2000
const READING_MS = 15_000
const LIVE_PAGES = 100
const SESSION = '/api/sessions/claude-code%2F'

async function fill(target: Target, body: (from: number) => string, path: string, total: number) {
  const problems: string[] = []
  for (let from = 0; from < total; from += RECORDS_PER_REQUEST) {
    problems.push(...expectStatus('filling', await post(target, path, body(from)), 200))
  }
  return problems
}

function toolResults(session: string): (from: number) => string {
  return (from) =>
    logsBody(
      Array.from({ length: RECORDS_PER_REQUEST }, (_, n) =>
        record(session, 'tool_result', from + n, {
          'prompt.id': 'p',
          tool_name: 'Read',
          tool_use_id: `${session}-${from + n}`,
          success: 'true',
          duration_ms: 5,
        }),
      ),
    )
}

async function readAgainAndAgain(target: Target, paths: readonly string[]): Promise<string[]> {
  const problems = new Set<string>()
  const until = Date.now() + READING_MS
  await Promise.all(
    paths.map(async (path) => {
      while (Date.now() < until) {
        const answer = await get(target, path)
        // A reader may be told to come back; it must not hold up anybody.
        for (const problem of expectStatus(path, answer, 200, 429, 503)) problems.add(problem)
      }
    }),
  )
  return [...problems]
}

const livePages: Abuse = {
  name: `${LIVE_PAGES} live pages, and a session of 100,000 tool results reloaded`,
  run: async (target) => {
    const problems = await fill(target, toolResults('long'), '/v1/logs', 100_000)
    const request = `GET /api/live?after=0 HTTP/1.1\r\nHost: localhost:${target.httpPort}\r\n\r\n`
    const pages = await Promise.all(
      Array.from({ length: LIVE_PAGES }, () => halfSent(target.httpPort, request)),
    )
    for (const page of pages) page.resume()
    problems.push(
      ...(await readAgainAndAgain(target, [
        `${SESSION}long`,
        `${SESSION}long/turns/prompt-p`,
        '/api/overview',
        '/api/sessions',
      ])),
    )
    for (const page of pages) page.destroy()
    return problems
  },
}

const pagesThatDoNotRead: Abuse = {
  name: `${LIVE_PAGES} live pages that never read what they are sent`,
  run: async (target) => {
    const request = `GET /api/live?after=0 HTTP/1.1\r\nHost: localhost:${target.httpPort}\r\n\r\n`
    const pages = await Promise.all(
      Array.from({ length: LIVE_PAGES }, () => halfSent(target.httpPort, request)),
    )
    const problems = await fill(target, toolResults('unread'), '/v1/logs', 60_000)
    for (const page of pages) page.destroy()
    return problems
  },
}

const metricPoints: Abuse = {
  name: 'the page of a session of 100,000 metric points',
  run: async (target) => {
    const points = (from: number): string =>
      metricsBody(
        'measured',
        'claude_code.lines_of_code.count',
        Array.from({ length: RECORDS_PER_REQUEST }, () => 1),
        Date.now() - 1_000_000 + 2 * from,
      )
    const prompt = record('measured', 'user_prompt', 1, { 'prompt.id': 'p' })
    const problems = expectStatus(
      'a prompt',
      await post(target, '/v1/logs', logsBody([prompt])),
      200,
    )
    problems.push(...(await fill(target, points, '/v1/metrics', 100_000)))
    problems.push(
      ...(await readAgainAndAgain(target, [`${SESSION}measured`, `${SESSION}measured/events`])),
    )
    return problems
  },
}

const deletion: Abuse = {
  name: 'deleting a session of 300,000 records',
  run: async (target) => {
    const problems = await fill(target, toolResults('doomed'), '/v1/logs', 300_000)
    const answer = await remove(target, `${SESSION}doomed`)
    problems.push(...expectStatus('the deletion', answer, 200))
    return [...problems, ...expectStatus('the session', await get(target, `${SESSION}doomed`), 404)]
  },
}

const probes: Abuse = {
  name: '/health and every path of the API, hammered, with senseless parameters',
  run: async (target) => {
    const senseless = ['1e300', '-1', 'NaN', '9007199254740993', '%00', 'x'.repeat(5000), '']
    const paths = [
      '/api/overview?from=',
      '/api/overview?to=',
      '/api/sessions?limit=',
      '/api/sessions?cursor=',
      '/api/live/recent?limit=',
      `${SESSION}x/events?cursor=`,
      '/api/overview?timeZone=',
    ]
    const problems: string[] = []
    for (const path of paths) {
      for (const value of senseless) {
        const answer = await get(target, path + value)
        problems.push(...expectStatus(path + value.slice(0, 20), answer, 200, 400, 404, 414, 431))
      }
    }
    problems.push(
      ...(await readAgainAndAgain(
        target,
        Array.from({ length: 20 }, () => '/health'),
      )),
    )
    return problems
  },
}

export const readerAbuses: readonly Abuse[] = [
  livePages,
  pagesThatDoNotRead,
  metricPoints,
  deletion,
  probes,
]
