/** Real bridges, and visits to their pages, for one test each. */
import type { Browser } from 'playwright-core'
import { expect } from 'vitest'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from '../integration/corpus/bridge.ts'
import { recording } from '../integration/corpus/recording.ts'
import type { LangfuseStandIn } from '../integration/langfuse-stand-in/stand-in.ts'
import { launchBrowser } from './browser.ts'
import { expectBuilt } from './built-page.ts'
import { startVisit, TIMEOUT_MS, type Visit } from './visit.ts'

/** Longer than any view waits before it asks again. */
const LATER_MS = 60_000

export interface Stage {
  /** Without `langfuse` it has no keys. */
  bridge(
    settings?: Readonly<Record<string, string>>,
    langfuse?: LangfuseStandIn,
  ): Promise<TestBridge>
  visit(url: string): Promise<Visit>
  /** To be done when the test is over, the last first. */
  onEnd(clean: () => unknown): void
  /** Ends what a test began; throws if a browser complained. */
  clear(): Promise<void>
  close(): Promise<void>
}

export async function createStage(): Promise<Stage> {
  expectBuilt()
  const browser: Browser = await launchBrowser()
  const cleanUp: (() => unknown)[] = []
  return {
    bridge: async (settings, langfuse) => {
      const dataDir = temporaryFolder()
      cleanUp.push(() => removeFolder(dataDir))
      const env = { ...bridgeEnvironment(dataDir, langfuse), RETENTION_DAYS: '0', ...settings }
      const bridge = await startBridge(env)
      cleanUp.push(() => bridge.stop())
      return bridge
    },
    visit: async (url) => {
      const visit = await startVisit(browser, url)
      cleanUp.push(() => visit.end())
      return visit
    },
    onEnd: (clean) => void cleanUp.push(clean),
    clear: async () => {
      const faults: unknown[] = []
      for (const clean of cleanUp.splice(0).reverse()) {
        try {
          await clean()
        } catch (error) {
          faults.push(error)
        }
      }
      if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('; '))
    },
    close: () => browser.close(),
  }
}

/** Has the time of a page's timers pass at once, until `isSo`; its clock must be installed. */
export async function later({ page }: Visit, isSo: () => Promise<boolean>): Promise<void> {
  const passes = async (): Promise<boolean> => {
    await page.clock.fastForward(LATER_MS)
    return isSo()
  }
  await expect.poll(passes, { timeout: TIMEOUT_MS }).toBe(true)
}

/** The first session of a recording. */
export const idOf = (name: string): string => Object.keys(recording(name).truth)[0] ?? ''

/** Where the page shows a session. */
export const pathOf = (sessionId: string): string =>
  `/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`
