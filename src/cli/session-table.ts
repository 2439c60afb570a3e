/** Sessions as a table: what a person looks for first stands first. Pure. */
import type { SessionRow } from '../api/contract/session-list.ts'
import { userName } from '../api/contract/user-name.ts'
import { costColumns } from './cost-columns.ts'
import { countText, durationText } from '../domain/figure-text.ts'
import { shortSessionId } from '../domain/short-session-id.ts'
import { plainLine } from './plain-text.ts'
import type { Column } from './table.ts'
import { dateTimeText } from './zoned-time.ts'

/** The beginning of an id, as lists show it. */
export function shortId(sessionId: string): string {
  return shortSessionId(plainLine(sessionId))
}

/** All tokens of a session, cached ones included. */
export function allTokens({ tokens }: Pick<SessionRow, 'tokens'>): number {
  return tokens.input + tokens.output + tokens.cacheRead + tokens.cacheCreation
}

/** As people call a user, or the whole id for programs. */
function userText(userId: string | null, whole: boolean): string {
  if (userId === null) return ''
  return whole ? userId : userName(userId)
}

/** `whole` ids are for programs. */
export function sessionColumns(
  rows: readonly SessionRow[],
  timeZone: string,
  whole: boolean,
): readonly Column<SessionRow>[] {
  return [
    { title: 'ID', text: ({ sessionId }) => (whole ? sessionId : shortId(sessionId)) },
    {
      title: 'LAST',
      text: ({ lastMs }) => dateTimeText(lastMs, timeZone),
    },
    {
      title: 'STATE',
      text: ({ isOpen }) => (isOpen ? 'open' : 'closed'),
      colour: ({ isOpen }) => (isOpen ? 'green' : 'gray'),
      rank: 3,
    },
    ...costColumns(rows, ({ modelCalls }) => modelCalls),
    { title: 'TOKENS', align: 'right', text: (row) => countText(allTokens(row)) },
    { title: 'PROMPTS', align: 'right', text: ({ prompts }) => countText(prompts), rank: 2 },
    {
      title: 'ERRORS',
      align: 'right',
      text: ({ errors }) => countText(errors),
      colour: ({ errors }) => (errors > 0 ? 'yellow' : undefined),
      rank: 4,
    },
    {
      title: 'TOOK',
      align: 'right',
      text: ({ firstMs, lastMs }) => durationText(lastMs - firstMs),
      rank: 5,
    },
    {
      title: 'USER',
      text: ({ userId }) => userText(userId, whole),
      atMost: 24,
      shrinksTo: 12,
      rank: 7,
    },
    { title: 'PROJECT', text: ({ project }) => project ?? '', shrinksTo: 8, rank: 6 },
    { title: 'TEAM', text: ({ team }) => team ?? '', shrinksTo: 6, rank: 8 },
    { title: 'TITLE', text: ({ title }) => title ?? '', shrinksTo: 16 },
  ]
}
