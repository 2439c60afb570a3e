/**
 * What a person does on the page of a session, by mouse and by keyboard: the menu with its exports, the ways to
 * the neighbours, on a desk and on a phone.
 */
import { readFileSync } from 'node:fs'
import type { Download } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { post, toolResult, turn } from '../integration/cli/telemetry.ts'
import { chromiumPath } from './browser.ts'
import { expectFitForEveryone } from './fitness.ts'
import { createStage, pathOf, type Stage } from './stage.ts'
import { expectShown, type Visit } from './visit.ts'

const T0 = Date.UTC(2026, 10, 20, 9)
const HOUR_MS = 3_600_000

describe.skipIf(chromiumPath === undefined)('the page of a session', () => {
  let stage: Stage

  beforeAll(async () => {
    stage = await createStage()
  })
  afterAll(() => stage.close())
  afterEach(() => stage.clear())

  /** Three sessions, an hour apart; the middle one ends after the last has begun. */
  async function startedBridge() {
    const bridge = await stage.bridge()
    await post(bridge.url, [
      { id: 'first-session', atMs: T0, events: turn('the first prompt', 0.1) },
      {
        id: 'second-session',
        atMs: T0 + HOUR_MS,
        events: [
          ...turn('Fix the <b>login</b> test', 0.2),
          toolResult('Bash', { tool_use_id: 't1' }),
        ],
      },
      { id: 'third-session', atMs: T0 + 2 * HOUR_MS, events: turn('the third prompt', 0.3) },
    ])
    await post(bridge.url, [
      {
        id: 'second-session',
        atMs: T0 + 3 * HOUR_MS,
        events: [toolResult('Read', { tool_use_id: 't2' })],
      },
    ])
    return bridge
  }

  const button = ({ page }: Visit) => page.getByRole('button', { name: 'Session', exact: true })
  const focused = ({ page }: Visit) =>
    page.evaluate<string>('document.activeElement.textContent.trim()')

  test('the menu is used by keyboard alone', async () => {
    const bridge = await startedBridge()
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    await visit.go(pathOf('second-session'))
    await button(visit).focus()
    await page.keyboard.press('ArrowDown')
    const menu = page.getByRole('menu', { name: 'Session' })
    await expectShown(menu)
    await expect.poll(() => focused(visit)).toBe('Copy session id')
    await page.keyboard.press('End')
    expect(await focused(visit)).toBe('Delete …')
    await page.keyboard.press('ArrowDown')
    expect(await focused(visit)).toBe('Copy session id')
    await page.keyboard.press('ArrowUp')
    expect(await focused(visit)).toBe('Delete …')
    await page.keyboard.press('Escape')
    expect(await menu.count()).toBe(0)
    expect(await focused(visit)).toMatch(/^Session/)

    await page.keyboard.press('Enter')
    await expect.poll(() => focused(visit)).toBe('Copy session id')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await expectShown(dialog.getByText('permanently deleted'))
    await page.keyboard.press('Escape')
    expect(await dialog.count()).toBe(0)
    await button(visit).click()
    await page.locator('h1').click()
    expect(await menu.count()).toBe(0)
  })

  test('it copies the id, and exports the session', async () => {
    const bridge = await startedBridge()
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await visit.go(pathOf('second-session'))
    const choose = async (name: string): Promise<void> => {
      await button(visit).click()
      await page.getByRole('menuitem', { name, exact: true }).click()
    }
    await choose('Copy session id')
    await expectShown(page.getByText('Copied'))
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('second-session')

    const exported = async (name: string): Promise<Download> => {
      const [download] = await Promise.all([page.waitForEvent('download'), choose(name)])
      return download
    }
    const html = await exported('Export as HTML')
    expect(html.suggestedFilename()).toBe('session-second-session.html')
    const file = await html.path()
    expect(readFileSync(file, 'utf8')).toContain('Fix the &lt;b&gt;login&lt;/b&gt; test')
    const markdown = await exported('Export as Markdown')
    expect(markdown.suggestedFilename()).toBe('session-second-session.md')
    expect(readFileSync(await markdown.path(), 'utf8')).toMatch(/^# Fix the/)
    await exported('Export as HTML, anonymous')
  })

  test('an exported file reads in a browser, in the light, in the dark, and on a phone', async () => {
    const bridge = await startedBridge()
    const visit = await stage.visit(bridge.url)
    const key = encodeURIComponent('claude-code/second-session')
    const answer = await fetch(`${bridge.url}/api/sessions/${key}/export?format=html`)
    await visit.page.setContent(await answer.text())
    await expectShown(visit.page.getByRole('heading', { name: 'Turn 1' }))
    await expectFitForEveryone(visit.page)
    await visit.page.setViewportSize({ width: 390, height: 800 })
    await expectFitForEveryone(visit.page)
    expect(await visit.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390)
  })

  test('a text is found in the whole session, and its places are led to', async () => {
    const bridge = await stage.bridge()
    const prompt = (id: string, text: string) => ({
      name: 'user_prompt',
      values: { 'prompt.id': id, prompt: text },
    })
    const read = (id: string, command: string) =>
      toolResult('Bash', {
        'prompt.id': 'p1',
        tool_use_id: id,
        tool_input: JSON.stringify({ command }),
      })
    const commands = Array.from({ length: 20 }, (_, index) => `echo row-${index}`)
    await post(bridge.url, [
      {
        id: 'told',
        atMs: T0,
        events: [
          prompt('p1', 'Where is it?'),
          ...commands.map((command, index) => read(`t${index}`, command)),
          read('last', `printf ${'x'.repeat(3000)} needle`),
          prompt('p2', 'The needle, please.'),
        ],
      },
    ])
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    await visit.go(pathOf('told'))
    const box = page.getByRole('searchbox', { name: 'Find in this session' })
    await box.fill('NEEDLE')
    const status = page.locator('.session-find [role="status"]')
    await expect.poll(() => status.textContent()).toBe('2 matches')
    expect(await page.locator('table.waterfall').count()).toBe(0)

    // Folded among others that are alike, in a turn that is closed.
    await box.press('Enter')
    await expect.poll(() => status.textContent()).toBe('1 of 2')
    await expectShown(page.locator('tr[data-target]').getByText('printf'))
    await expectShown(page.locator('.detail'))
    await expectShown(page.getByText('Turn 1, input:'))
    await page.getByRole('button', { name: 'Next match' }).click()
    await expectShown(page.getByText('Turn 2, prompt:'))
    await expect
      .poll(() => page.locator('.turns > li').nth(1).locator('details').getAttribute('open'))
      .toBe('')
    await box.press('Shift+Enter')
    await expect.poll(() => status.textContent()).toBe('1 of 2')
    await box.fill('row-7')
    await expect.poll(() => status.textContent()).toBe('1 match')
    await box.press('Enter')
    await expectShown(page.locator('tr[data-target]').getByText('echo row-7'))
    await expectFitForEveryone(page)
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390)
    await expectFitForEveryone(page)
    await box.fill('no such text')
    await expect.poll(() => status.textContent()).toBe('Nothing found')
  })

  test('leads to the session that began before it, and after it', async () => {
    const bridge = await startedBridge()
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    const neighbours = page.getByRole('navigation', { name: 'Neighbouring sessions' })
    await visit.go(pathOf('first-session'))
    await neighbours.getByRole('link', { name: 'Next' }).click()
    await expectShown(visit.heading('Fix the <b>login</b> test'))
    await expectShown(neighbours.getByRole('link', { name: 'Previous' }))
    await neighbours.getByRole('link', { name: 'Next' }).click()
    await expectShown(visit.heading('the third prompt'))
    expect(await neighbours.getByRole('link', { name: 'Next' }).count()).toBe(0)
    await neighbours.getByRole('link', { name: 'Previous' }).click()
    await expectShown(visit.heading('Fix the <b>login</b> test'))
  })

  test.each([
    ['on a desk', 1280],
    ['on a phone', 390],
  ])('everyone can use it %s', async (_, width) => {
    const bridge = await startedBridge()
    const visit = await stage.visit(bridge.url)
    const { page } = visit
    await page.setViewportSize({ width, height: 800 })
    await visit.go(pathOf('second-session'))
    await button(visit).click()
    const menu = page.getByRole('menu', { name: 'Session' })
    await expectShown(menu)
    const box = await menu.boundingBox()
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width)
    await expectFitForEveryone(page)
  })
})
