/** A session of very many turns, items and long texts: the page shows a part, and leads to the rest. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bigSessionBodies } from '../../scripts/bench/big-session.ts'
import type { TestBridge } from '../integration/corpus/bridge.ts'
import { chromiumPath } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { createStage, pathOf, type Stage } from './stage.ts'
import { logsBody } from './team/otlp.ts'
import { expectShown, type Visit } from './visit.ts'

type Visited = Visit & { readonly bridge: TestBridge }

/** A model call of one prompt, later than everything of a session below it. */
function callBody(promptId: string): string {
  const values = { 'prompt.id': promptId, model: 'opus', cost_usd: 0.25, duration_ms: 10 }
  const atMs = Date.UTC(2026, 10, 21)
  return JSON.stringify(
    logsBody({}, { 'session.id': 'big' }, [{ name: 'api_request', atMs, values }]),
  )
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
  await answer.text()
}

describe.skipIf(chromiumPath === undefined)('a large session', () => {
  let stage: Stage

  beforeAll(async () => {
    stage = await createStage()
  })
  afterAll(() => stage.close())
  afterEach(() => stage.clear())

  async function visitSession(results: number, resultsPerPrompt: number): Promise<Visited> {
    const bridge = await stage.bridge()
    for (const body of bigSessionBodies({ sessionId: 'big', results, resultsPerPrompt })) {
      await post(bridge.url, body)
    }
    const visit = await stage.visit(bridge.url)
    await visit.go(pathOf('big'))
    return { ...visit, bridge }
  }

  test('of very many turns shows the last ones, and the earlier ones when asked', async () => {
    const { page, bridge } = await visitSession(1100, 1)
    const turns = page.locator('.turns > li')
    await expectShown(page.getByText('the last 1,000 of 1,100 turns'))
    // Bars of prompts that all cost nothing would say nothing.
    expect(await page.getByRole('heading', { name: 'Cost per prompt' }).count()).toBe(0)
    await post(bridge.url, callBody('prompt-1099'))
    await page.reload()
    await expectShown(page.getByText('the last 72 of 1,000 prompts; all as a table'))
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360)
    expect(await turns.count()).toBe(1000)
    await page.getByRole('button', { name: 'Show earlier turns' }).click()
    await expect.poll(() => turns.count()).toBe(1100)
    expect(await turns.first().locator('.turn-number').textContent()).toBe('1')
    expect(await page.getByRole('button', { name: 'Show earlier turns' }).count()).toBe(0)
  })

  test('of very many items shows those of a turn page by page, and draws those that are near', async () => {
    const visit = await visitSession(5000, 5000)
    const { page } = visit
    const table = page.locator('table.waterfall')
    const drawn = page.locator('.waterfall-name')
    const more = page.locator('.turn-body').getByRole('button', { name: 'Show more' })
    await expectShown(page.getByText('2,000 of 5,000 items, the ones that ended first'))
    await more.click()
    await expectShown(page.getByText('4,000 of 5,000 items, the ones that ended first'))
    await more.click()
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('5001')
    expect(await page.getByText('the ones that ended first').count()).toBe(0)
    expect(await drawn.count()).toBeLessThan(600)

    // The last row is drawn when the reader is there, and what is far away then is not.
    await page.evaluate(
      `document.querySelector('table.waterfall tbody:last-child').scrollIntoView({ block: 'end' })`,
    )
    const last = page.getByRole('button', { name: 'pattern 4999"' })
    await expectShown(last)
    await expect.poll(() => drawn.count()).toBeLessThan(600)
    expect(await page.getByRole('button', { name: 'pattern 2500"' }).count()).toBe(0)

    // What failed is reached at once, wherever it stands.
    const errors = page.getByRole('navigation', { name: 'Errors of this turn' })
    await expectShown(errors.getByText('100 errors'))
    await errors.getByRole('button', { name: 'pattern 450"' }).click()
    const failed = page.locator('tr[data-target]')
    await expectShown(failed.getByRole('button', { name: 'pattern 450"' }))
    await expect
      .poll(() =>
        failed.evaluate((row: { getBoundingClientRect(): { top: number } }) => {
          const { top } = row.getBoundingClientRect()
          return top > 0 && top < 1000
        }),
      )
      .toBe(true)
    await expectShown(page.locator('.detail'))

    await page.getByRole('searchbox', { name: 'Find in this turn' }).fill('PATTERN 123')
    await expectShown(page.getByText('11 of 5,000 rows'))
    expect(await drawn.count()).toBe(11)
    await expectFitForEveryone(page)
  })

  test('of long texts has them cut in lists, and whole when asked', async () => {
    const visit = await visitSession(3, 3)
    const { page } = visit
    const command = `echo ${'x'.repeat(90_000)} end`
    const [body = ''] = bigSessionBodies({ sessionId: 'big', results: 1, resultsPerPrompt: 1 })
    const other = body.replaceAll('toolu_0', 'toolu_long').replaceAll('"Bash"', '"Grep"')
    const ofInput = /("tool_input","value":\{"stringValue":)"(?:[^"\\]|\\.)*"/
    await post(new URL(page.url()).origin, other.replace(ofInput, `$1${JSON.stringify(command)}`))
    await page.reload()

    await page.locator('.waterfall-name', { hasText: 'Grep' }).click()
    const input = page.locator('.detail pre').first()
    await expectShown(input)
    expect(await input.textContent()).toHaveLength(2000)
    await expectFitForEveryone(page)
    await page.getByRole('button', { name: 'Show the whole texts' }).click()
    await expect.poll(() => input.textContent()).toBe(command)

    await page.getByRole('button', { name: 'Show', exact: true }).click()
    const events = page.locator('.raw-events li')
    await expect.poll(() => events.count()).toBe(5)
    await events.last().locator('summary').click()
    await page.getByRole('button', { name: 'Show the whole record' }).click()
    await expect.poll(() => events.last().locator('pre').textContent()).toContain('xxx end')
    await expectFitForEveryone(page)
  })
})
