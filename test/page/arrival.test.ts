/**
 * What arrives at a real bridge comes to its page: the first records, sessions of any name, events
 * as they happen though connections break, and what was refused.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { spend } from '../integration/budgets/spending.ts'
import { createLangfuseStandIn } from '../integration/langfuse-stand-in/stand-in.ts'
import { recording, replay } from '../integration/corpus/recording.ts'
import { chromiumPath } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { startRelay } from './relay.ts'
import { createStage, pathOf, type Stage } from './stage.ts'
import { expectShown, TIMEOUT_MS } from './visit.ts'

/** An id as no agent has it, with every character that means something in an address. */
const ODD_ID = 'a/b%2Fc%?#&+ ü"'

describe.skipIf(chromiumPath === undefined)('what arrives', () => {
  let stage: Stage

  beforeAll(async () => {
    stage = await createStage()
  })
  afterAll(() => stage.close())
  afterEach(() => stage.clear())

  test('says what to export while nothing has arrived, and shows what comes by itself', async () => {
    const bridge = await stage.bridge()
    const visit = await stage.visit(bridge.url)
    await visit.go('/?range=all')
    await expectShown(visit.heading('First steps'))
    await visit.page.getByText('Or export them in the shell').click()
    await expectShown(visit.page.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${bridge.url}`))
    await expectFitForEveryone(visit.page)
    // One request: the page may look between two of them.
    expect(await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 0.25 })).toBe(200)
    await expectShown(visit.heading('Cost by day'))
    expect((await visit.figures('Totals of the range')).Cost?.title).toBe('$0.25')
  })

  test('leads a newcomer through the set-up, each step turning green by itself', async () => {
    const langfuse = await createLangfuseStandIn()
    stage.onEnd(() => langfuse.close())
    const bridge = await stage.bridge({}, langfuse)
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    const isDone = (title: RegExp) =>
      page
        .locator('.steps > .step-done')
        .getByRole('heading', { name: title })
        .waitFor({ state: 'attached' })
    await page.setViewportSize({ width: 390, height: 844 })
    await visit.go('/')
    await expectShown(visit.heading('First steps'))
    await isDone(/^The bridge runs/)
    expect(await page.locator('.step-done').count()).toBeLessThan(3)
    await expectFitForEveryone(page)
    await page.setViewportSize({ width: 1280, height: 900 })
    await replay(bridge.url, recording('plain'))
    const summary = page.locator('.first-steps > summary')
    await expectShown(summary)
    await summary.click()
    for (const step of [
      /^An agent sends here/,
      /^The first event/,
      /^Content is on/,
      /^Langfuse/,
    ]) {
      await isDone(step)
    }
    const hook = { session_id: 's1', hook_event_name: 'SessionStart', cwd: '/srv/shop' }
    const answer = await fetch(`${bridge.url}/hooks/claude-code`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(hook),
    })
    expect(answer.status).toBe(200)
    await isDone(/^Hooks report/)
    await expectFitForEveryone(page)
    await page.getByRole('button', { name: 'Do not show this again' }).click()
    await summary.waitFor({ state: 'detached' })
    await page.reload()
    await expectShown(visit.heading('Cost by hour'))
    expect(await summary.count()).toBe(0)
  })

  test('lists sessions page by page, whatever their ids hold', async () => {
    const bridge = await stage.bridge()
    for (let n = 0; n < 60; n += 1) {
      const sessionId = n === 7 ? ODD_ID : `session-${n}`
      await spend(bridge.url, { sessionId, turn: 0, costUsd: n / 10 })
    }
    const visit = await stage.visit(bridge.url)
    await visit.go('/sessions?sort=cost')
    const rows = visit.page.getByRole('table').locator('tbody tr')
    await expect.poll(() => rows.count()).toBe(50)
    await visit.page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => rows.count()).toBe(60)
    await visit.page.locator(`a[href="${pathOf(ODD_ID)}"]`).click()
    await expectShown(visit.page.locator('code', { hasText: ODD_ID }))
    await visit.page.reload()
    await expectShown(visit.page.locator('code', { hasText: ODD_ID }))
  })

  test('shows what arrives at once, and loses nothing when the connection is cut', async () => {
    const bridge = await stage.bridge()
    const relay = await startRelay(bridge.url)
    stage.onEnd(() => relay.close())
    const visit = await stage.visit(relay.url)
    const rows = visit.page.locator('.live-row')
    const shown = async (): Promise<number[]> => {
      const notes = await visit.page.locator('.live-session .panel-note').allTextContents()
      return notes.map((note) => Number(/(\d+) events/.exec(note)?.[1]))
    }
    const stored = async (): Promise<number> => {
      const answer = await fetch(`${bridge.url}/api/live/recent?limit=1000`)
      return ((await answer.json()) as { events: unknown[] }).events.length
    }

    await visit.go('/live')
    await expectShown(visit.page.getByText('live', { exact: true }))
    await replay(bridge.url, recording('plain'))
    await expectShown(rows.getByText('What is the capital of France? [[plain]]').first())
    relay.cut()
    await expectShown(visit.page.getByText('lost the connection, trying again …'))
    await replay(bridge.url, recording('subagent-traces'))
    relay.mend()
    await expectShown(rows.getByText('The subagent counted 3 files.').first())
    await expectShown(visit.page.getByText('live', { exact: true }))
    await replay(bridge.url, recording('tools'))
    const sum = async () => (await shown()).reduce((all, count) => all + count, 0)
    await expect.poll(sum, { timeout: TIMEOUT_MS }).toBe(await stored())
    expect((await shown()).length).toBe(3)
    visit.forgive('net::ERR_')
  })

  test('tells in the ingest log what was refused, and why', async () => {
    const bridge = await stage.bridge()
    const answer = await fetch(`${bridge.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"resourceLogs":',
    })
    expect(answer.status).toBe(400)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 1 })
    const visit = await stage.visit(bridge.url)
    await visit.go('/delivery')
    await expectShown(visit.page.getByText('2 requests since startup, 1 error, 0 records refused'))
    const log = visit.page.getByRole('table', { name: 'Ingest log' })
    expect(await log.locator('tbody tr td:nth-child(5)').allTextContents()).toEqual(['200', '400'])
    await expectShown(log.locator('.reason', { hasText: 'JSON' }))
    expect((await visit.figures('Delivery')).Langfuse?.value).toBe('no keys')
  })
})
