/**
 * Takes the pictures of the page that the documents show: `node test/page/take-pictures.ts`
 * after `npm run build`. They show a real bridge after a month of a made-up team.
 */
import { join } from 'node:path'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
} from '../integration/corpus/bridge.ts'
import { createLangfuseStandIn } from '../integration/langfuse-stand-in/stand-in.ts'
import { launchBrowser } from './browser.ts'
import { expectBuilt } from './built-page.ts'
import { postMonth, postNewest } from './team/month.ts'

const images = join(import.meta.dirname, '../../docs/images')
const wide = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 }
const tall = { viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 1.5 }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 }

expectBuilt()
const langfuse = await createLangfuseStandIn()
const settings = {
  ...bridgeEnvironment(temporaryFolder(), langfuse),
  RETENTION_DAYS: '0',
  BUDGET_DAILY_USD: '20',
  BUDGET_SESSION_USD: '5',
}
// Sessions of days gone by are closed, as they would be: a stop closes what is open.
const before = await startBridge(settings)
await postMonth(before.url, Date.now())
await before.stop()
const bridge = await startBridge(settings)
const newest = await postNewest(bridge.url, Date.now())

const session = `/sessions/${encodeURIComponent(`claude-code/${newest}`)}`
const pictures = [
  { name: 'page-overview', path: '/', ...wide, colorScheme: 'light', opens: undefined },
  { name: 'page-session', path: session, ...tall, colorScheme: 'light', opens: '.turns summary' },
  { name: 'page-live-dark', path: '/live', ...wide, colorScheme: 'dark', opens: undefined },
  { name: 'page-phone', path: '/', ...phone, colorScheme: 'dark', opens: undefined },
] as const

const browser = await launchBrowser()
for (const { name, path, opens, ...options } of pictures) {
  const page = await browser.newPage(options)
  await page.goto(`${bridge.url}${path}`)
  await page.locator('main table, main .live-row').first().waitFor()
  // Charts and tables come in answers of their own.
  await page.getByText('Loading …').first().waitFor({ state: 'detached' })
  if (opens !== undefined) {
    await page.locator(opens).first().click()
    await page.locator('.waterfall').waitFor()
    // Asked of Langfuse at the first look at any session, and there at the next.
    await page.getByRole('link', { name: 'Trace in Langfuse' }).waitFor()
  }
  await page.screenshot({ path: join(images, `${name}.png`) })
  await page.close()
}
await browser.close()
await bridge.stop()
await langfuse.close()
removeFolder(bridge.dataDir)
