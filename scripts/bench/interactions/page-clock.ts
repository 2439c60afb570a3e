/**
 * What measures an interaction within the page: from the event to the frame after it, and to the last
 * change of the document that it caused. Installed before the page's own scripts.
 */
import type { Page } from 'playwright-core'

/** Of one interaction, in ms. */
export interface Timing {
  /** From the event to the next frame: the event's own duration, where the browser tells one (Event Timing). */
  readonly paintMs: number
  /** To the last change of what is shown, with no request under way and nothing changing after it. */
  readonly answerMs: number
  /** Requests that began after the event. */
  readonly requests: readonly Asked[]
  /** Processor time of the page's own thread. It hardly depends on what else the machine does. */
  readonly pageCpuMs: number
}

export interface Asked {
  readonly path: string
  /** After the event. */
  readonly atMs: number
  readonly tookMs: number
}

/** So long nothing has changed and no request is under way, then it is over. */
const QUIET_MS = 400
/** An interaction that does not come to rest is a failure. */
const MAX_MS = 30_000

/** What an interaction does not wait for, by selectors and by parts of paths. */
export interface Beside {
  readonly selector: string
  readonly paths: readonly string[]
}

/** Puts the clock into a page; `beside` is what goes on by itself. */
export async function installClock(page: Page, beside: Beside): Promise<void> {
  await page.addInitScript(`(${clockSource})(${JSON.stringify({ ...beside, quietMs: QUIET_MS })})`)
}

/** Resolves once nothing has changed for a while. */
export async function comeToRest(page: Page): Promise<void> {
  await within(page.evaluate('interactionClock.rest()'))
}

/** Does something, and says how long it took until the page stood still again. */
export async function timed(page: Page, act: () => Promise<unknown>): Promise<Timing> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const cpuMs = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
  await page.evaluate('interactionClock.arm()')
  const before = await cpuMs()
  await within(act())
  const timing = await within(page.evaluate<Omit<Timing, 'pageCpuMs'>>('interactionClock.timing()'))
  const after = await cpuMs()
  await session.detach()
  return { ...timing, pageCpuMs: after - before }
}

function within<T>(work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>()
  const timer = setTimeout(() => over.reject(new Error('did not come to rest')), MAX_MS)
  return Promise.race([work, over.promise]).finally(() => clearTimeout(timer))
}

/**
 * As source, for no types of the browser are known here. Times that go on by themselves (`time` elements)
 * are no answer.
 */
const clockSource = `({ selector, paths, quietMs }) => {
  let begunMs, framedMs, changedMs, lastMs = performance.now(), durationMs = 0
  let asked = [], underWay = 0
  const isBeside = (node) => {
    const element = node instanceof Element ? node : node.parentElement
    return element === null || element.closest('time, ' + selector) !== null
  }
  const isOfAnswer = ({ target, addedNodes, removedNodes }) => {
    if (isBeside(target)) return false
    const nodes = [...addedNodes, ...removedNodes]
    return nodes.length === 0 || !nodes.every((node) =>
      node instanceof Element ? node.matches('time, ' + selector) : false)
  }
  new MutationObserver((records) => {
    if (records.some(isOfAnswer)) changedMs = lastMs = performance.now()
  }).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  })
  const begin = ({ timeStamp }) => {
    begunMs = timeStamp
    framedMs = undefined
    changedMs = undefined
    durationMs = 0
    asked = []
    const mine = timeStamp
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port2.onmessage = () => { if (begunMs === mine) framedMs ??= performance.now() }
      port1.postMessage('')
    })
  }
  for (const type of ['pointerup', 'keydown']) addEventListener(type, begin, { capture: true })
  new PerformanceObserver((list) => {
    for (const { startTime, duration, interactionId } of list.getEntries()) {
      if (interactionId > 0 && startTime >= begunMs) durationMs = Math.max(durationMs, duration)
    }
  }).observe({ type: 'event', durationThreshold: 16 })
  const fetched = window.fetch
  window.fetch = (input, init) => {
    const path = String(input instanceof Request ? input.url : input)
    if (paths.some((part) => path.includes(part))) return fetched(input, init)
    const one = { path, atMs: performance.now(), tookMs: undefined }
    asked.push(one)
    underWay += 1
    const done = () => {
      underWay -= 1
      one.tookMs = lastMs = performance.now()
    }
    const answer = fetched(input, init)
    answer.then((response) => response.clone().arrayBuffer()).then(done, done)
    return answer
  }
  const rest = async () => {
    while (underWay > 0 || performance.now() - lastMs < quietMs) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  window.interactionClock = {
    arm: () => { begunMs = undefined; lastMs = performance.now() },
    rest,
    timing: async () => {
      if (begunMs === undefined) throw new Error('there was no event')
      await rest()
      const ownMs = (framedMs ?? performance.now()) - begunMs
      return {
        paintMs: durationMs > 0 ? durationMs : ownMs,
        answerMs: changedMs === undefined ? ownMs : changedMs - begunMs,
        requests: asked.map(({ path, atMs, tookMs }) => ({
          path, atMs: atMs - begunMs, tookMs: (tookMs ?? atMs) - atMs,
        })),
      }
    },
  }
}`
