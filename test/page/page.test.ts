/**
 * The built page over made-up answers: what a real bridge cannot easily be brought to (failures of
 * its API, gaps in the stream), and how the page itself behaves with a month of figures.
 */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { chromiumPath, launchBrowser } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { createFakeQueries, type FakeQueries } from './fake-queries.ts'
import { type PageServer, startPageServer } from './page-server.ts'
import { expectShown, startVisit, type Visit } from './visit.ts'

describe.skipIf(chromiumPath === undefined)('the page', () => {
  let browser: Browser
  let visit: Visit
  let queries: FakeQueries
  let server: PageServer

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    queries = createFakeQueries(Date.now())
    server = await startPageServer(queries.web())
    visit = await startVisit(browser, server.url)
  })
  afterEach(async () => {
    try {
      await visit.end()
    } finally {
      await server.close()
    }
  })

  const sessionPath = () => `/sessions/${encodeURIComponent(queries.firstKey)}`

  test('the overview shows a month, and its chart as a table', async () => {
    const { page } = visit
    await visit.go('/')
    const stats = page.getByLabel('Totals of the range')
    await expectShown(stats.getByText('92.1%'))
    await expectShown(stats.getByText('saved $412.77'))
    await page.getByRole('img', { name: /^Cost by day/ }).focus()
    await page.keyboard.press('ArrowLeft')
    const legend = page.locator('.legend-title')
    await expect.poll(() => legend.textContent()).not.toContain('Whole range')
    await page.getByRole('button', { name: 'Table' }).click()
    const rows = page.getByRole('table', { name: 'Cost by day' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(31)
  })

  test('a range of days is chosen by dragging over the chart, by keys, and by two fields', async () => {
    const { page } = visit
    const address = () => new URL(page.url()).searchParams
    const bounds = (): readonly (string | null)[] => [address().get('from'), address().get('to')]
    await visit.go('/')
    const chart = page.getByRole('img', { name: /^Cost by day/ })
    const box = await chart.boundingBox()
    if (box === null) throw new Error('there is no chart')
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.5, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, y, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => bounds().every((bound) => bound !== null)).toBe(true)
    await expectShown(page.getByRole('button', { name: 'Custom', pressed: true }))
    const [from, to] = bounds()
    expect(await page.getByLabel('From', { exact: true }).inputValue()).toBe(from)
    expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe(to)
    await page.getByLabel('To', { exact: true }).fill(from ?? '')
    await expect.poll(bounds).toEqual([from, from])
    await page.getByRole('button', { name: '30 days' }).click()
    await expect.poll(bounds).toEqual([null, null])
    await chart.focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await expect.poll(() => bounds().every((bound) => bound !== null)).toBe(true)
  })

  test('a session tells which files it changed', async () => {
    const { page } = visit
    await visit.go(sessionPath())
    const summary = page.locator('.changed-files > summary')
    await expect.poll(() => summary.textContent()).toBe('2 files changed')
    await summary.click()
    const files = page.locator('.changed-files li')
    await expect
      .poll(() => files.allTextContents())
      .toEqual(['src/payments/invoice.ts 3 times', 'test/invoice.test.ts'])
  })

  test('the note at a cost takes lines on a telephone, not the room of the other columns', async () => {
    const { page } = visit
    await page.setViewportSize({ width: 390, height: 844 })
    await visit.go('/sessions')
    await expectShown(page.locator('tbody tr').first())
    const overflow = await page.evaluate<number>(`(() => {
      const frame = document.querySelector('.table-frame')
      const note = document.createElement('span')
      note.className = 'cost-note'
      note.textContent = '3 of 3 calls without a price, estimated'
      frame.querySelector('tbody .number').append(note)
      return frame.scrollWidth - frame.clientWidth
    })()`)
    expect(overflow).toBe(0)
  })

  test.each(['/', '/live', '/delivery', '/sessions'])(
    '%s is fit for everyone on a telephone',
    async (path) => {
      const { page } = visit
      await page.setViewportSize({ width: 390, height: 844 })
      await visit.go(path)
      await expectShown(page.locator(path === '/live' ? '.live-row' : 'table').first())
      await expectFitForEveryone(page)
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect(width).toBeLessThanOrEqual(390)
    },
  )

  test('ranges and filters stand in the address, and can be gone back to', async () => {
    const { page } = visit
    await visit.go('/')
    await page.getByRole('button', { name: '7 days' }).click()
    await page.getByLabel('project', { exact: true }).selectOption('shop')
    await expect.poll(() => new URL(page.url()).search).toBe('?range=7d&project=shop')
    await page.goBack()
    await expect.poll(() => new URL(page.url()).search).toBe('?range=7d')
    await page.reload()
    await expectShown(page.getByRole('button', { name: '7 days', pressed: true }))
  })

  test('the overview shows what was wasted, and leads to the sessions that it was most in', async () => {
    const { page } = visit
    await visit.go('/')
    const table = page.getByRole('table', { name: 'Waste' })
    await expectShown(table.getByText('Cold cache'))
    await expectShown(
      page.getByText('30 most expensive of 812 sessions, which have 70 % of the cost'),
    )
    await table.getByRole('link').first().click()
    await expect.poll(() => new URL(page.url()).pathname).toMatch(/^\/sessions\/./)
  })

  test('costs are split by one or two groups, which stand in the address', async () => {
    const { page } = visit
    await visit.go('/?split=skill,resource%3Adepartment')
    const columns = (name: string) =>
      page.getByRole('table', { name }).getByRole('columnheader').allTextContents()
    await expect
      .poll(() => columns('By skill and department'))
      .toEqual(['Skill', 'Department', 'Cost', 'Share', 'Tokens', 'Sessions', 'Per session'])
    await page.getByLabel('and by', { exact: true }).selectOption('')
    await expect.poll(() => new URL(page.url()).search).toBe('?split=skill')
    await page.getByLabel('Split by', { exact: true }).selectOption('resource:team')
    await expect
      .poll(() => columns('By team'))
      .toEqual(['Team', 'Cost', 'Share', 'Tokens', 'Sessions', 'Per session'])
    await expectShown(page.getByRole('table', { name: 'By team' }).getByText('shop'))
  })

  test('a stream with a gap goes on with the newest, and says what is missing', async () => {
    const rows = visit.page.locator('.live-row')
    await visit.go('/live')
    await expectShown(visit.page.getByText('live', { exact: true }))
    await expect.poll(() => rows.count()).toBe(18)
    server.cutConnections()
    await expectShown(visit.page.getByText('lost the connection, trying again …'))
    queries.arrive(12_000, { text: 'one of many' })
    await expectShown(visit.page.getByText(/^11,500 records skipped/))
    await expectShown(rows.getByText('one of many').first())
    await expectShown(visit.page.getByText('live', { exact: true }))
    queries.arrive(1, { text: 'the first after the gap' })
    await expectShown(rows.getByText('the first after the gap'))
    visit.forgive('net::ERR_')
  })

  test('the live view is filtered, and a pause looks like one', async () => {
    const { page } = visit
    const rows = page.locator('.live-row')
    await visit.go('/live')
    await expect.poll(() => rows.count()).toBe(18)
    await page.getByLabel('kind', { exact: true }).selectOption('tool')
    await expect.poll(() => rows.locator('.kind-tool').count()).toBeGreaterThan(0)
    await expect
      .poll(async () => (await rows.count()) - (await rows.locator('.kind-tool').count()))
      .toBe(0)
    await page.getByLabel('kind', { exact: true }).selectOption('')
    await page.getByRole('button', { name: 'Errors only' }).click()
    await expect.poll(() => new URL(page.url()).search).toBe('?errors=1')
    await expect.poll(() => page.locator('.live-row.level-default').count()).toBe(0)
    await page.getByRole('button', { name: 'Errors only' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await expectShown(page.getByText('nothing new since'))
    queries.arrive(3, { text: 'while it was paused' })
    await expectShown(page.getByText('3 new events since'))
    expect(await rows.getByText('while it was paused').count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await expectShown(rows.getByText('while it was paused').first())
  })

  test.each([
    ['/', 'overview'],
    ['/sessions', 'sessions'],
    ['/delivery', 'delivery'],
  ] as const)('%s says when it gets no answer, and shows it once it does', async (path, name) => {
    vi.spyOn(console, 'error').mockReturnValue()
    queries.knobs.failing = name
    await visit.go(path)
    const alert = visit.page.getByRole('alert')
    await expectShown(alert.getByText('the bridge failed on this request; its log says why'))
    queries.knobs.failing = undefined
    await visit.page.reload()
    await expectShown(visit.page.locator('main table').first())
    expect(await alert.count()).toBe(0)
    visit.forgive('500')
  })

  test('dead items stand together by reason, and are gone through page by page', async () => {
    const { page } = visit
    queries.knobs.dead = 12
    await visit.go('/delivery')
    const group = page.locator('.reasons > li')
    await expectShown(group.getByText('400 Bad Request: Invalid environment name "Prod"'))
    await expectShown(group.locator('strong', { hasText: '12' }))
    const rows = page.getByRole('table', { name: 'Dead items' }).locator('tbody tr')
    await expect.poll(() => rows.count()).toBe(10)
    await group.getByRole('button', { name: 'Next' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    await group.getByRole('button', { name: 'Retry these' }).click()
    await expect.poll(() => queries.retried.at(-1)).toHaveLength(12)
  })

  test('a session shows its commits and pull requests, with their pages', async () => {
    await visit.go(sessionPath())
    const table = visit.page.getByRole('table', { name: 'Commits and pull requests' })
    await expectShown(table.getByRole('link', { name: '1a2b3c4' }))
    const link = table.getByRole('link', { name: 'https://github.com/acme/shop/pull/7' })
    expect(await link.getAttribute('href')).toBe('https://github.com/acme/shop/pull/7')
  })

  test('a session that is not there is told as such', async () => {
    await visit.go('/sessions/claude-code%2Fnobody')
    await expectShown(visit.page.getByText('there is no session "claude-code/nobody"'))
    visit.forgive('404')
  })

  test('the theme follows the system, or who chose', async () => {
    const { page } = visit
    await page.emulateMedia({ colorScheme: 'dark' })
    await visit.go('/')
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.getByLabel('Theme').selectOption('light')
    expect(await ground()).not.toBe(dark)
    await page.reload()
    await expectShown(page.getByLabel('Theme'))
    expect(await ground()).not.toBe(dark)
  })

  test('the keyboard alone leads to a session', async () => {
    const { page } = visit
    await visit.go('/sessions')
    await expectShown(page.getByRole('table'))
    await page.keyboard.press('Tab')
    expect(await page.evaluate<string>('document.activeElement?.textContent')).toBe(
      'Skip to content',
    )
    await page.keyboard.press('Enter')
    const focused = () => page.evaluate<string>('document.activeElement?.className')
    for (let steps = 0; steps < 40 && (await focused()) !== 'session-name'; steps += 1) {
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await expectShown(visit.heading('Fix the flaky checkout test'))
  })

  test('the list says how many match, sorts by any column, and its address holds all of it', async () => {
    const { page } = visit
    await visit.go('/sessions')
    const status = page.getByRole('status')
    await expectShown(status.getByText(/^[\d,]+ sessions$/))
    const asked = () => queries.listed.at(-1)
    for (const [name, sort, order] of [
      ['Session', 'title', 'asc'],
      ['Project', 'project', 'asc'],
      ['User', 'user', 'asc'],
      ['Cost', 'cost', 'desc'],
      ['Tokens', 'tokens', 'desc'],
      ['Prompts', 'prompts', 'desc'],
      ['Tools', 'tools', 'desc'],
      ['Errors', 'errors', 'desc'],
      ['Length', 'duration', 'desc'],
      ['Started', 'first', 'desc'],
      ['Last seen', 'last', 'desc'],
    ] as const) {
      const button = page.getByRole('button', { name: new RegExp(`^${name}( [↑↓])?$`) })
      await button.click()
      await expect.poll(asked).toMatchObject({ sort, order })
      const header = page.locator('th[aria-sort]')
      await expect
        .poll(() => header.getAttribute('aria-sort'))
        .toBe(order === 'asc' ? 'ascending' : 'descending')
      await button.click()
      await expect.poll(asked).toMatchObject({ sort, order: order === 'asc' ? 'desc' : 'asc' })
    }
    await page.getByLabel('Search sessions').fill('"flaky test" src/app.ts')
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    const search = { search: '"flaky test" src/app.ts', state: 'open', sort: 'last', order: 'asc' }
    await expect.poll(asked).toMatchObject(search)
    const address = page.url()
    const other = await startVisit(browser, server.url)
    await other.page.goto(address)
    await expect
      .poll(() => other.page.getByLabel('Search sessions').inputValue())
      .toBe(search.search)
    await expect.poll(asked).toMatchObject(search)
    await other.end()
  })

  test('filters are saved under a name, chosen and deleted', async () => {
    const { page } = visit
    await visit.go('/sessions?q=checkout&sort=cost')
    await page.getByRole('button', { name: 'Save filter' }).click()
    await page.getByLabel('Name of the filter').fill('dear checkouts')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await visit.go('/sessions')
    await page.getByLabel('Saved filters').selectOption('dear checkouts')
    await expect.poll(() => new URL(page.url()).search).toBe('?q=checkout&sort=cost')
    await page.getByRole('button', { name: 'Delete filter' }).click()
    await expectShown(page.getByRole('button', { name: 'Save filter' }))
    expect(await page.getByLabel('Saved filters').count()).toBe(0)
  })

  test('nothing found in the range leads to all times', async () => {
    const { page } = visit
    await visit.go('/sessions?q=nowhere-to-be-found')
    await expectShown(page.getByText('No session matches.'))
    await page.getByRole('button', { name: 'Look at all times' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('range')).toBe('all')
    await expect.poll(() => page.getByRole('button', { name: 'Look at all times' }).count()).toBe(0)
  })

  test('every view fits a phone', async () => {
    const { page } = visit
    await page.setViewportSize({ width: 360, height: 740 })
    queries.knobs.dead = 2
    queries.knobs.spentUsd = 17
    for (const path of ['/', '/sessions', sessionPath(), '/live', '/delivery']) {
      await visit.go(path)
      await expectShown(page.getByText('Near the budget'))
      await expectShown(page.locator('main table, main .live-row').first())
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect(width, path).toBe(360)
    }
  })
})
