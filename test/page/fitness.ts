/** Whether everyone can use what is shown: axe finds nothing serious, in the light and in the dark. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

export async function expectFitForEveryone(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter(({ impact }) => impact !== 'minor')
    const found = serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])
    expect(found, `${page.url()}, ${colorScheme}`).toEqual([])
  }
}
