/**
 * What people do on the page of a real bridge, and what it tells them to do: sessions deleted,
 * budgets crossed, dead items tried again, keys asked for.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { spend } from '../integration/budgets/spending.ts'
import { recording, replay } from '../integration/corpus/recording.ts'
import { createLangfuseStandIn } from '../integration/langfuse-stand-in/stand-in.ts'
import { chromiumPath } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { sessionRefOf, sessionRows } from './session-rows.ts'
import { createStage, idOf, later, pathOf, type Stage } from './stage.ts'
import { expectShown, TIMEOUT_MS, type Visit } from './visit.ts'

const KEY = 'the-key-of-this-bridge'

describe.skipIf(chromiumPath === undefined)('the page of a bridge', () => {
  let stage: Stage

  beforeAll(async () => {
    stage = await createStage()
  })
  afterAll(() => stage.close())
  afterEach(() => stage.clear())

  test('deletes a session once that was confirmed: every row of it, and nothing else', async () => {
    // No turn of the other session closes meanwhile, however long this takes.
    const bridge = await stage.bridge({ TURN_QUIET_TIMEOUT: '3600000', JOIN_TIMEOUT: '3600000' })
    await replay(bridge.url, recording('subagent-traces'))
    await replay(bridge.url, recording('multi-turn-traces'))
    const [gone, other] = [idOf('subagent-traces'), idOf('multi-turn-traces')].map((id) => {
      const ref = sessionRefOf(bridge.dataDir, id)
      return { id, rows: () => sessionRows(bridge.dataDir, ref, id) }
    })
    if (gone === undefined || other === undefined) throw new Error('two sessions were posted')
    const before = other.rows()
    expect(Object.keys(gone.rows())).toEqual(
      expect.arrayContaining(['sessions', 'record_batches', 'prompts', 'model_usage', 'outbox']),
    )

    const visit = await stage.visit(bridge.url)
    await visit.go('/sessions?range=all')
    await visit.page.locator(`a[href="${pathOf(gone.id)}"]`).click()
    const remove = async () => {
      await visit.page.getByRole('button', { name: 'Session', exact: true }).click()
      await visit.page.getByRole('menuitem', { name: 'Delete' }).click()
    }
    await remove()
    await visit.page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click()
    expect(Object.keys(gone.rows())).toContain('sessions')
    await remove()
    await visit.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await expectShown(visit.heading('Sessions'))
    // That it was read, and who deleted it, is kept.
    expect(Object.keys(gone.rows())).toEqual(['audit_log'])
    expect(other.rows()).toEqual(before)
    await visit.go('/sessions?range=all')
    await expectShown(visit.page.locator(`a[href="${pathOf(other.id)}"]`))
    expect(await visit.page.locator('main tbody tr').count()).toBe(1)
  })

  test('warns on every view when a budget is nearly spent, and when it is', async () => {
    const bridge = await stage.bridge({ BUDGET_SESSION_USD: '0.1' })
    const banner = (visit: Visit) => visit.page.locator('.banner')
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 0.05 })
    const visit = await stage.visit(bridge.url)
    await visit.page.clock.install()
    await visit.go('/live')
    await expectShown(visit.page.getByText('live', { exact: true }))
    expect(await banner(visit).count()).toBe(0)
    await spend(bridge.url, { sessionId: 's1', turn: 1, costUsd: 0.035 })
    const near = visit.page.getByText('Near the budget: session Go on spent $0.09 of $0.10 (85.0%)')
    await later(visit, () => near.isVisible())
    await expectFitForEveryone(visit.page)
    await spend(bridge.url, { sessionId: 's1', turn: 2, costUsd: 0.02 })
    const over = visit.page.getByText('Over budget: session Go on spent $0.11 of $0.10 (105.0%)')
    await later(visit, () => over.isVisible())
    await banner(visit).getByRole('link').click()
    await expectShown(visit.page.locator('code', { hasText: 's1' }))
    await expectShown(over)
    await expectFitForEveryone(visit.page)
  })

  test('says why an item is dead, and delivers it when it is tried again', async () => {
    const langfuse = await createLangfuseStandIn()
    stage.onEnd(() => langfuse.close())
    langfuse.refuseSpans(({ name }) => (name === 'Bash' ? 'Bash is not welcome' : undefined))
    const bridge = await stage.bridge({}, langfuse)
    await replay(bridge.url, recording('subagent-traces'))

    const visit = await stage.visit(bridge.url)
    await visit.go('/delivery')
    const dead = visit.page.getByRole('table', { name: 'Dead items' })
    await expectShown(visit.page.locator('.reasons').getByText(/Bash is not welcome/))
    expect(await dead.locator('tbody tr').count()).toBe(1)
    expect((await visit.figures('Delivery')).Langfuse?.value).toBe('connected')
    await expectShown(visit.page.getByRole('link', { name: 'Delivery 1 dead items' }))
    await expectFitForEveryone(visit.page)
    const isThere = () => langfuse.spans().some(({ name }) => name === 'Bash')
    expect(isThere()).toBe(false)
    langfuse.refuseSpans(() => undefined)
    await dead.getByRole('button', { name: 'Retry', exact: true }).click()
    await visit.heading('Dead items').waitFor({ state: 'detached' })
    await expect.poll(isThere, { timeout: TIMEOUT_MS }).toBe(true)
  })

  test('with an API key asks for it, lets in, and out again', async () => {
    const bridge = await stage.bridge({ API_KEY: KEY })
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    const field = page.getByLabel('API key of the bridge')
    await visit.go('/sessions')
    await expectFitForEveryone(page)
    await field.fill('wrong')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expectShown(page.getByText('this is not the API_KEY of the bridge'))
    await field.fill(KEY)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expectShown(visit.heading('Sessions'))
    expect(await page.context().cookies()).toEqual([])
    await page.reload()
    await expectShown(visit.heading('Sessions'))
    await page.getByRole('button', { name: 'Log out' }).click()
    await expectShown(field)
    await page.reload()
    await expectShown(field)
    visit.forgive('401')
  })
})
