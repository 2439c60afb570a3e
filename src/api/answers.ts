/** The one place where what the store answers becomes the text that goes to a browser. */
import { jsonText } from '../domain/numbers.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { api } from './contract/api.ts'
import { exportPart } from './contract/session-export.ts'
import { notFound, type WebFailure } from './failure.ts'
import { newsMessages } from './live-messages.ts'
import type {
  BadCursor,
  LiveChunk,
  LiveQuestion,
  Question,
  StoredFeed,
  StoreQueries,
} from './queries.ts'

const badCursor: WebFailure = {
  code: 'malformed',
  message: 'cursor: it does not belong to this query; start again without it',
}

/**
 * Answers a question as JSON. Throws when the answer does not keep to the contract: that is a bug,
 * and the browser would refuse it as well.
 */
export async function answerTo(
  queries: StoreQueries,
  question: Question,
): Promise<Result<string, WebFailure>> {
  const answer = await lookUp(queries, question)
  if (!answer.ok) return answer
  const { answer: schema } =
    question.name === 'exportPart' ? { answer: exportPart } : api[question.name]
  const parsed = schema.safeParse(answer.value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Error(
      `the answer to ${question.name} breaks its contract at ${issue?.path.join('.')}: ${issue?.message}`,
    )
  }
  return ok(jsonText(parsed.data))
}

/** What is new in the live feed, as the text that streams send. */
export async function liveChunk(
  feed: Pick<StoredFeed, 'since'>,
  asked: LiveQuestion,
): Promise<LiveChunk> {
  const news = await feed.since(asked)
  const bytes = new TextEncoder().encode(newsMessages(news))
  return { bytes, position: news.position, events: news.events.length }
}

async function lookUp(
  queries: StoreQueries,
  question: Question,
): Promise<Result<unknown, WebFailure>> {
  switch (question.name) {
    case 'overview':
      return ok(await queries.overview(question.query))
    case 'usage':
      return ok(await queries.usage(question.query))
    case 'facets':
      return ok(await queries.facets(question.query))
    case 'sessions':
      return page(await queries.sessions(question.query))
    case 'session':
      return found(await queries.session(question.key), 'session', question.key)
    case 'turns':
      return foundPage(await queries.turns(question.key, question.query), 'session', question.key)
    case 'turn': {
      const { key, turn, query } = question
      return foundPage(await queries.turn(key, turn, query), 'turn', turn)
    }
    case 'item': {
      const { key, turn, item } = question
      return found(await queries.item(key, turn, item), 'item', item)
    }
    case 'find':
      return found(await queries.find(question.key, question.query), 'session', question.key)
    case 'exportPart': {
      const { key, query, cursor } = question
      return foundPage(await queries.exportPart(key, { ...query, cursor }), 'session', key)
    }
    case 'waste':
      return found(await queries.waste(question.key), 'session', question.key)
    case 'wasteInRange':
      return ok(await queries.wasteInRange(question.query))
    case 'events':
      return foundPage(await queries.events(question.key, question.query), 'session', question.key)
    case 'event':
      return found(await queries.event(question.key, question.id), 'record', question.id)
    case 'liveRecent':
      return ok(await queries.live.recent(question.query.limit))
    case 'budgets':
      return ok(await queries.budgets())
    case 'fleet':
      return ok(await queries.fleet(question.query))
    case 'planWindows':
      return ok(await queries.planWindows(question.query))
    case 'statusLine':
      return found(await queries.statusLine(question.key), 'session', question.key)
    case 'delivery': {
      const { dropped, exporters, ...bridge } = question.bridge
      const stored = await queries.outbox()
      const nothing = { pending: 0, dead: 0, oldestPendingMs: null }
      return ok({
        ...bridge,
        exporters: exporters.map((exporter) => ({
          ...nothing,
          ...stored.exporters.find(({ name }) => name === exporter.name),
          ...exporter,
        })),
        outbox: { ...stored.outbox, dropped },
        deadItems: stored.deadItems,
        ...(stored.deadReasons !== undefined && { deadReasons: stored.deadReasons }),
      })
    }
    case 'setup':
      return ok({
        ...question.setup,
        hasArrived: await queries.hasArrived(),
        seen: await queries.setupSeen(),
      })
  }
}

function found(value: unknown, what: string, name: string): Result<unknown, WebFailure> {
  return value === undefined ? err(notFound(what, name)) : ok(value)
}

function page(result: Result<unknown, BadCursor>): Result<unknown, WebFailure> {
  return result.ok ? result : err(badCursor)
}

function foundPage(
  result: Result<unknown, BadCursor> | undefined,
  what: string,
  name: string,
): Result<unknown, WebFailure> {
  return result === undefined ? err(notFound(what, name)) : page(result)
}
