/**
 * One visit to the page in a browser: a context of its own that remembers whatever the browser
 * complained about (an error, a refused resource, a broken policy) and each request that left for
 * somewhere else.
 */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { PATIENCE_MS } from '../patience.ts'

/** Of anything that has to come by itself; long, since machines that test are busy. */
export const TIMEOUT_MS = PATIENCE_MS

/** Figures as `parts/stat.tsx` shows them, by their label. */
export type Figures = Readonly<Record<string, Figure | undefined>>

export interface Figure {
  readonly value: string
  /** On hover: all digits. */
  readonly title: string | null
  readonly note: string | null
}

export interface Visit {
  readonly page: Page
  go(path: string): Promise<unknown>
  heading(name: string | RegExp): Locator
  /** The figures on top of a view, once they are there. */
  figures(label: string): Promise<Figures>
  /** Puts complaints aside that a test itself has caused. */
  forgive(part: string): void
  /** Throws if the browser complained. */
  end(): Promise<void>
}

export async function startVisit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(TIMEOUT_MS)
  const page = await context.newPage()
  let complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`a request for ${request.url()}`)
  })

  return {
    page,
    go: (path) => page.goto(`${url}${path}`),
    heading: (name) => page.getByRole('heading', { name, exact: true }),
    figures: async (label) => {
      await page.getByLabel(label, { exact: true }).waitFor()
      return page.evaluate<Figures>(figuresOf(label))
    },
    forgive: (part) => {
      complaints = complaints.filter((text) => !text.includes(part))
    },
    end: async () => {
      await context.close()
      if (complaints.length > 0) throw new Error(`the browser complained: ${complaints.join('; ')}`)
    },
  }
}

/** For the browser: no types of its world are known on this side. */
function figuresOf(label: string): string {
  return `Object.fromEntries(
    [...document.querySelectorAll('[aria-label="${label}"] .stat')].map((stat) => {
      const value = stat.querySelector('.stat-value')
      return [stat.querySelector('dt').textContent, {
        value: value.textContent,
        title: value.getAttribute('title'),
        note: stat.querySelector('.stat-note')?.textContent ?? null,
      }]
    }),
  )`
}

/** Fails unless it comes to be seen. */
export const expectShown = (locator: Locator): Promise<void> => locator.waitFor()
