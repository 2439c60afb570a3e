/** The numbers on the page of a real bridge that has taken in every recording: those of its truth. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launchBrowser } from './browser.ts'
import { expectBuilt } from './built-page.ts'
import { type CorpusStage, createCorpusStage, names, truths, truthsOf } from './corpus-stage.ts'
import { expectOverview, expectStrip, tokensIn, usdIn } from './shown-truth.ts'
import { pathOf } from './stage.ts'
import { expectShown, startVisit, type Visit } from './visit.ts'

const LIST = '/sessions?range=all'

test('there are recordings, and no two of them share a session', () => {
  expect(names.length).toBeGreaterThan(20)
  expect(new Set(truths.map(([id]) => id)).size).toBe(truths.length)
})

describe.skipIf(chromiumPath === undefined)('the page says what is true', () => {
  let browser: Browser
  let corpus: CorpusStage
  /** One for all, since so many pages take their time to load. */
  let visit: Visit

  beforeAll(async () => {
    expectBuilt()
    browser = await launchBrowser()
    corpus = await createCorpusStage()
    visit = await startVisit(browser, corpus.bridge.url)
  })
  afterAll(async () => {
    try {
      await visit.end()
    } finally {
      await browser.close()
      await corpus.close()
    }
  })

  test('in the overview, of all sessions together', async () => {
    await visit.go('/?range=all')
    const shown = await visit.figures('Totals of the range')
    expectOverview(
      shown,
      truths.map(([, truth]) => truth),
    )
  })

  test('in the list, row by row', async () => {
    await visit.go(LIST)
    const rows = visit.page.locator('main tbody tr')
    await expect.poll(() => rows.count()).toBe(truths.length)
    const titlesOfColumns = await visit.page.locator('main thead th').allTextContents()
    const errorsAt = titlesOfColumns.findIndex((title) => title.startsWith('Errors'))
    for (const [id, truth] of truths) {
      const row = rows.filter({ has: visit.page.locator(`a[href="${pathOf(id)}"]`) })
      const titles = row.locator('span[title]:not(.dot)')
      expect(usdIn(await titles.nth(0).getAttribute('title')), id).toBeCloseTo(truth.cost_usd, 9)
      expect(tokensIn(await titles.nth(1).getAttribute('title')), id).toEqual([
        truth.input_tokens,
        truth.output_tokens,
        truth.cache_read_tokens,
        truth.cache_creation_tokens,
      ])
      const errors = row.locator('td').nth(errorsAt)
      expect(await errors.textContent(), id).toBe(String(truth.api_errors + truth.tool_failures))
    }
  })

  test.each(names)('on the page of each session of %s', async (name) => {
    if (!visit.page.url().endsWith(LIST)) await visit.go(LIST)
    for (const [id, truth] of truthsOf(name)) {
      // Not by the mouse, which would wait for rows to stand still.
      await visit.page.locator(`a[href="${pathOf(id)}"]`).dispatchEvent('click')
      await expectShown(visit.page.locator('code', { hasText: id }))
      expectStrip(id, await visit.figures('Totals of the session'), truth)
      expect(await visit.page.locator('.turns > li').count(), id).toBe(truth.prompts)
      await visit.page.goBack()
    }
  })
})
