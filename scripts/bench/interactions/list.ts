/** What people do on the page, each from a page that was opened anew: nothing of it is answered from its cache. */
import type { Page } from 'playwright-core'

export interface Interaction {
  readonly name: string
  /** Where it begins. */
  readonly path: string
  /** Before the clock is set: what opens, focuses or fills. */
  readonly prepare?: (page: Page) => Promise<unknown>
  readonly act: (page: Page) => Promise<unknown>
}

/** Sessions that the store has. */
export interface Places {
  /** Of the year, with neighbours on both sides. */
  readonly middle: string
  /** Of a few hundred records, in some turns. */
  readonly usual: string
  /** Of thousands. */
  readonly large: string
}

const TYPING_MS = 60

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** The next choice of a menu, by the keyboard as the browser has it. */
function choosing(label: string) {
  return {
    prepare: (page: Page) => page.getByLabel(label, { exact: true }).focus(),
    act: (page: Page) => page.keyboard.press('ArrowDown'),
  }
}

/** Types a text, measured from its last letter. */
function typing(field: string, text: string) {
  return {
    prepare: (page: Page) => page.getByLabel(field, { exact: true }).focus(),
    act: (page: Page) => page.keyboard.type(text, { delay: TYPING_MS }),
  }
}

const clicking = (name: string) => ({ act: (page: Page) => button(page, name).click() })

function overview(): readonly Interaction[] {
  const ranges = ['Today', '7 days', '90 days', 'Year', 'All']
  const year = '/?range=1y'
  return [
    ...ranges.map((name) => ({ name: `overview, ${name}`, path: '/', ...clicking(name) })),
    { name: 'overview, 30 days', path: '/?range=7d', ...clicking('30 days') },
    { name: 'overview of a year, bars by hour', path: year, ...choosing('Bars by') },
    ...['hour', 'day', 'week'].map((by, at) => ({
      name: `overview of a year, bars by ${['day', 'week', 'month'][at]}`,
      path: `${year}&by=${by}`,
      ...choosing('Bars by'),
    })),
    { name: 'overview of a year, tokens', path: year, ...clicking('Tokens') },
    { name: 'overview of a year, as a table', path: year, ...clicking('Table') },
    ...['model', 'agent', 'project', 'branch', 'pull-request'].map((split) => ({
      name: `overview of a year, split by what follows ${split}`,
      path: `${year}&split=${split}`,
      ...choosing('Split by'),
    })),
    { name: 'overview of a year, and by', path: year, ...choosing('and by') },
    { name: 'overview of a year, of a project', path: year, ...choosing('project') },
    { name: 'overview of a year, of a user', path: year, ...choosing('user') },
    {
      name: 'overview of a year, brush',
      path: year,
      prepare: async (page) => {
        const box = await page.locator('.chart-frame > svg').boundingBox()
        if (box === null) throw new Error('there is no chart')
        const y = box.y + box.height / 2
        await page.mouse.move(box.x + box.width * 0.4, y)
        await page.mouse.down()
        await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 })
      },
      act: (page) => page.mouse.up(),
    },
    {
      name: 'overview of a year, open a session',
      path: year,
      act: (page) => page.locator('.session-name').first().click(),
    },
  ]
}

function sessions(): readonly Interaction[] {
  const list = '/sessions?range=1y'
  const columns = ['Session', 'Project', 'User', 'Cost', 'Tokens', 'Prompts', 'Tools', 'Errors']
  const field = 'Search sessions'
  return [
    ...[...columns, 'Length', 'Started', 'Last seen ↓'].map((name) => ({
      name: `sessions, by ${name}`,
      path: list,
      act: (page: Page) => page.locator('th button.sort', { hasText: name }).click(),
    })),
    { name: 'sessions, search a word', path: list, ...typing(field, 'flaky') },
    { name: 'sessions, search two words', path: list, ...typing(field, 'flaky migration') },
    { name: 'sessions, search a phrase', path: list, ...typing(field, '"the flaky test"') },
    {
      name: 'sessions, search two words, by cost',
      path: `${list}&q=flaky+migration`,
      act: (page) => page.locator('th button.sort', { hasText: 'Cost' }).click(),
    },
    { name: 'sessions, closed', path: list, ...clicking('Closed') },
    { name: 'sessions, 7 days', path: list, ...clicking('7 days') },
    { name: 'sessions, of a project', path: list, ...choosing('project') },
    { name: 'sessions, of a model', path: list, ...choosing('model') },
    { name: 'sessions, show more', path: list, ...clicking('Show more') },
    {
      name: 'sessions, open one',
      path: list,
      act: (page) => page.locator('.session-name').first().click(),
    },
  ]
}

function session({ middle, usual, large }: Places): readonly Interaction[] {
  const place = (key: string): string => `/sessions/${encodeURIComponent(key)}`
  const link = (name: string) => (page: Page) => page.getByRole('link', { name }).click()
  const turn = (page: Page) => page.locator('.turns summary').first()
  const openTurn = async (page: Page): Promise<void> => {
    await turn(page).click()
    await page.locator('.waterfall-row').first().waitFor()
  }
  return [
    { name: 'session, next', path: place(middle), act: link('Next →') },
    { name: 'session, previous', path: place(middle), act: link('← Previous') },
    { name: 'session, open a turn', path: place(usual), act: (page) => turn(page).click() },
    {
      name: 'session, open a row',
      path: place(usual),
      prepare: openTurn,
      act: (page) => page.locator('.waterfall-row').first().click(),
    },
    { name: 'session, find', path: place(usual), ...typing('Find in this session', 'file') },
    { name: 'session, raw events', path: place(usual), ...clicking('Show') },
    {
      name: 'session of 5,000 rows, open a row',
      path: place(large),
      // Its only turn is open.
      prepare: (page) => page.locator('.waterfall-row').nth(3).waitFor(),
      act: (page) => page.locator('.waterfall-row').nth(3).click(),
    },
    {
      name: 'session of 5,000 rows, find',
      path: place(large),
      ...typing('Find in this session', 'pattern 123'),
    },
    {
      name: 'session of 5,000 rows, next match',
      path: place(large),
      prepare: async (page) => {
        await page.getByLabel('Find in this session').fill('pattern 123')
        await page.getByRole('button', { name: 'Next match' }).click()
        await page.locator('tr[data-target]').waitFor()
      },
      ...clicking('Next match'),
    },
  ]
}

function others(): readonly Interaction[] {
  return [
    { name: 'live, of a kind', path: '/live', ...choosing('kind') },
    { name: 'live, errors only', path: '/live', ...clicking('Errors only') },
    { name: 'live, pause', path: '/live', ...clicking('Pause') },
    {
      name: 'delivery, open a reason',
      path: '/delivery',
      act: (page) => page.locator('.reasons summary').first().click(),
    },
    {
      name: 'delivery, next page of the log',
      path: '/delivery',
      act: (page) =>
        page.getByLabel('Pages of the ingest log').getByRole('button', { name: 'Next' }).click(),
    },
    ...['Sessions', 'Live', 'Delivery'].map((name) => ({
      name: `from the overview to ${name.toLowerCase()}`,
      path: '/',
      act: (page: Page) => page.getByRole('navigation').getByRole('link', { name }).first().click(),
    })),
  ]
}

export const interactionsOf = (places: Places): readonly Interaction[] => [
  ...overview(),
  ...sessions(),
  ...session(places),
  ...others(),
]
