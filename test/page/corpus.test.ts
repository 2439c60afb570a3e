/** What the page of a real bridge shows of the recordings can be found, opened and read by everyone. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recording } from '../integration/corpus/recording.ts'
import { chromiumPath, launchBrowser } from './browser.ts'
import { expectBuilt } from './built-page.ts'
import { type CorpusStage, createCorpusStage, truths } from './corpus-stage.ts'
import { expectFitForEveryone } from './fitness.ts'
import { idOf, pathOf } from './stage.ts'
import { expectShown, startVisit, type Visit } from './visit.ts'

describe.skipIf(chromiumPath === undefined)('the page over the recordings', () => {
  let browser: Browser
  let corpus: CorpusStage
  let visit: Visit

  beforeAll(async () => {
    expectBuilt()
    browser = await launchBrowser()
    corpus = await createCorpusStage()
  })
  afterAll(async () => {
    await browser.close()
    await corpus.close()
  })
  beforeEach(async () => {
    visit = await startVisit(browser, corpus.bridge.url)
  })
  afterEach(() => visit.end())

  const rows = () => visit.page.locator('main tbody tr')
  const search = (text: string) => visit.page.getByRole('searchbox').fill(text)
  const rowCount = (count: number) => expect.poll(() => rows().count()).toBe(count)

  test('sessions are found by id, by prompt and by resource attribute, and sorted', async () => {
    await visit.go('/sessions?range=all')
    await search(idOf('multi-turn-traces').slice(0, 13))
    await rowCount(1)
    await search('the capital of FRANCE')
    await expectShown(visit.page.getByRole('link', { name: /capital of France/ }).first())
    await expect.poll(() => rows().count()).toBeLessThan(4)
    await search('nobody at all')
    await expectShown(visit.page.getByText('No session matches.'))
    await search('')
    await visit.page.getByRole('button', { name: 'Cost' }).click()
    const mostExpensive = truths.toSorted(([, a], [, b]) => b.cost_usd - a.cost_usd)[0]?.[0] ?? ''
    const first = rows().first().locator('a')
    await expect.poll(() => first.getAttribute('href')).toBe(pathOf(mostExpensive))
  })

  test('a resource attribute leads to the sessions that have it', async () => {
    const id = idOf('resource-attributes')
    await visit.go(pathOf(id))
    await visit.page.getByRole('link', { name: /^crow\.session\.id/ }).click()
    await expectShown(visit.heading('Sessions'))
    await rowCount(1)
    await expectShown(visit.page.locator(`a[href="${pathOf(id)}"]`))
    await visit.page.getByRole('button', { name: /crow\.session\.id=.*remove this filter/ }).click()
    await rowCount(truths.length)
  })

  test('a session shows its prompts, a waterfall, tools, raw events and the way to Langfuse', async () => {
    const id = idOf('subagent-traces')
    const { page } = visit
    await visit.go(pathOf(id))
    await expectShown(visit.heading('Delegate. [[agentfg]]'))
    await expectShown(page.locator('pre', { hasText: 'The subagent counted 3 files.' }))
    const waterfall = page.getByRole('table', { name: 'What happened in this turn, by time' })
    const kinds = waterfall.locator('.waterfall-name .kind')
    await expect
      .poll(async () => (await kinds.allTextContents()).toSorted())
      .toEqual(expect.arrayContaining(['model call', 'subagent', 'tool', 'tool']))
    expect((await kinds.allTextContents()).filter((kind) => kind === 'model call').length).toBe(
      recording('subagent-traces').truth[id]?.api_requests,
    )
    await waterfall.getByRole('button', { name: 'tool Bash' }).click()
    await expectShown(page.getByText('"command": "ls | wc -l"'))
    const tools = page.getByRole('table', { name: 'Tools' }).locator('tbody tr')
    expect((await tools.locator('.name').allTextContents()).toSorted()).toEqual(['Agent', 'Bash'])
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.locator('summary', { hasText: 'api_request' }).first().click()
    await expectShown(page.locator('details[open] pre', { hasText: '"request_id": "req_mock' }))
    await page.getByRole('button', { name: 'Session', exact: true }).click()
    const link = page.getByRole('menuitem', { name: 'Open in Langfuse' })
    expect(await link.getAttribute('href')).toBe(
      `${corpus.langfuse.url}/project/stand-in/sessions/${id}`,
    )
  })

  test('the turns of a session open one by one', async () => {
    const id = idOf('multi-turn-traces')
    await visit.go(pathOf(id))
    const turns = visit.page.locator('.turns > li')
    await expect.poll(() => turns.count()).toBe(4)
    for (const index of [3, 0]) {
      await turns.nth(index).locator('summary').click()
      await expectShown(turns.nth(index).locator('table.waterfall'))
    }
    await expectShown(visit.page.getByRole('heading', { name: 'Cost per prompt' }))
  })

  test.each([
    ['overview', '/?range=all'],
    ['sessions', '/sessions?range=all'],
    ['session', pathOf(idOf('tool-failure-traces'))],
    ['live', '/live'],
    ['delivery', '/delivery'],
  ])('the view %s is fit for everyone', async (view, path) => {
    await visit.go(path)
    await expectShown(visit.page.locator('main table, main .live-row').first())
    if (view === 'session') {
      await visit.page.getByRole('button', { name: /^tool/ }).first().click()
      await expectShown(visit.page.locator('.detail'))
    }
    await expectFitForEveryone(visit.page)
  })
})
