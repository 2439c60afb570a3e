/** Masking of long texts on a thread: the same result, whatever becomes of the thread. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Attributes } from '../../../../src/domain/json-value.ts'
import type { LogRecord } from '../../../../src/domain/telemetry-record.ts'
import { inProcess } from '../../../../src/processors/record-processor.ts'
import { createRedact } from '../../../../src/processors/redact.ts'
import { createLongTextMasker, LONG_TEXT } from '../../../../src/processors/redact/long-texts.ts'
import {
  createRecordMasker,
  createTextMasking,
  type MaskedText,
  type MaskSettings,
} from '../../../../src/processors/redact/record-masker.ts'
import { parseUserRules } from '../../../../src/processors/redact/user-rules.ts'

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const MARK = '[masked: github-token]'
const FILLER = 'All work and no play makes a dull text. '

const longText = (end: string, repeats = 3000): string => `${FILLER.repeat(repeats)}${end}`

const plain: MaskSettings = {
  mode: 'on',
  attributes: new Set(),
  userRules: [],
  content: new Set(),
}

/** A thread, or one with another body, and what was masked beside it. */
function createStand(settings: MaskSettings = plain, body?: string) {
  const here: string[] = []
  const warnings: string[] = []
  const maskText = createTextMasking(settings)
  const maskHere = (text: string): MaskedText => {
    here.push(text)
    return maskText(text)
  }
  const thread = body !== undefined && {
    threadFile: new URL(`data:text/javascript,${encodeURIComponent(body)}`),
  }
  const masker = createLongTextMasker({
    settings,
    maskHere,
    log: { warn: (_, message) => warnings.push(message) },
    ...thread,
  })
  onTestFinished(() => masker.close())
  return { masker, here, warnings }
}

describe('a long text', () => {
  test('is masked on the thread as it would be here', async () => {
    const { masker, here } = createStand()
    const texts = [longText(TOKEN), longText('nothing'), longText(`${TOKEN} ${TOKEN}`)]
    const masked = await Promise.all(texts.map((text) => masker.mask(text)))
    expect(masked).toEqual(texts.map(createTextMasking(plain)))
    expect(masked.map(({ counts }) => counts['github-token'] ?? 0)).toEqual([1, 0, 2])
    expect(here).toEqual([])
  })

  test('is masked by the rules of the user and of strict, too', async () => {
    const rules = parseUserRules('ticket: TICKET-\\d+')
    if (!rules.ok) throw new Error(rules.error)
    const { masker, here } = createStand({ ...plain, mode: 'strict', userRules: rules.value })
    const { text } = await masker.mask(longText('TICKET-12 of ada@example.com'))
    expect(text).toMatch(/\[masked: ticket\] of email-[0-9a-f]{12}$/)
    expect(here).toEqual([])
  })

  test('takes little of the time of this thread', async () => {
    const { masker } = createStand()
    const hostile = 'api_key: token: secret '.repeat(200_000)
    await masker.mask(longText('the thread starts'))
    const here = await processorTime(async () => createTextMasking(plain)(hostile))
    const there = await processorTime(() => masker.mask(`${hostile} `))
    expect(there).toBeLessThan(here / 4)
  })
})

/** Masks as the thread does, and tells what it was given. */
function recording() {
  const handedOver: string[] = []
  const maskText = createTextMasking(plain)
  const mask = async (text: string) => {
    handedOver.push(text)
    return maskText(text)
  }
  return { longTexts: { mask, close: () => Promise.resolve() }, handedOver }
}

async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

describe('a text is masked here', () => {
  test.each([
    ['ends at once', 'process.exit(3)'],
    ['fails', 'throw new Error("broken")'],
    ['cannot be loaded', 'import "file:///nowhere/at/all.js"'],
    [
      'ends with a text',
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(1))',
    ],
    [
      'gives failures',
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", (text) => text === "close" ? parentPort.close() : parentPort.postMessage({ failure: "x" }))',
    ],
  ])('where the thread %s', async (_, body) => {
    const { masker, here } = createStand(plain, body)
    const texts = Array.from({ length: 6 }, (_, n) => longText(`${n} ${TOKEN}`))
    const masked = await Promise.all(texts.map((text) => masker.mask(text)))
    expect(masked.map(({ text }) => text)).toEqual(texts.map((text) => text.replace(TOKEN, MARK)))
    expect(here).toEqual(texts)
  })

  test('where the thread is closed meanwhile, or before', async () => {
    const silent =
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", (text) => text === "close" && parentPort.close())'
    const { masker, here } = createStand(plain, silent)
    const waiting = [longText(TOKEN), longText(`2 ${TOKEN}`)].map((text) => masker.mask(text))
    await masker.close()
    waiting.push(masker.mask(longText(`3 ${TOKEN}`)))
    for (const { text } of await Promise.all(waiting)) expect(text).toContain(MARK)
    expect(here).toHaveLength(3)
  })
})

test('a thread that ends is started again, but not for ever', async () => {
  const body =
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(1))'
  const { masker, warnings } = createStand(plain, body)
  for (let n = 0; n < 5; n += 1) await masker.mask(longText(`${n} ${TOKEN}`))
  expect(warnings).toHaveLength(3)
})

describe('the redact stage', () => {
  const request = { arrivedMs: 0, permit: { grow: () => true, shrink: () => undefined } }
  const batchOf = (attributes: Attributes) => {
    const record: LogRecord = {
      origin: { resource: {}, scopeName: '', scopeVersion: '' },
      timeMs: 0,
      observedMs: 0,
      eventName: 'e',
      body: null,
      attributes,
    }
    return { request, records: inProcess({ signal: 'log', records: [record] }) }
  }

  function createStage() {
    const { masker: longTexts, here } = createStand()
    const masker = createRecordMasker(plain)
    const stage = createRedact({ masker, longTexts })
    const passed: LogRecord[] = []
    const process = (attributes: Attributes) =>
      stage.process(batchOf(attributes), async ({ records }) => {
        for (const { record } of records) passed.push(record as LogRecord)
        return []
      })
    return { process, passed, here }
  }

  test('hands batches on in the order in which they came', async () => {
    const { process, passed } = createStage()
    await Promise.all([
      process({ n: 0, text: TOKEN }),
      process({ n: 1, text: longText(TOKEN, 20_000) }),
      process({ n: 2, text: TOKEN }),
      process({ n: 3, text: longText(TOKEN) }),
      process({ n: 4, text: TOKEN }),
    ])
    expect(passed.map(({ attributes }) => attributes.n)).toEqual([0, 1, 2, 3, 4])
    expect(JSON.stringify(passed)).not.toContain(TOKEN)
    for (const { masked } of passed) expect(masked).toEqual({ 'github-token': 1 })
  })

  test('takes long texts of any depth to the thread, and their names as well', async () => {
    const { process, passed, here } = createStage()
    const deep = longText(`deep ${TOKEN}`)
    const name = longText(`name ${TOKEN}`)
    expect(deep.length).toBeGreaterThan(LONG_TEXT)
    await process({ list: [{ deep }], [name]: 1, password: longText(`x ${TOKEN}`) })
    expect(here).toEqual([])
    expect(passed[0]?.attributes).toEqual({
      list: [{ deep: deep.replace(TOKEN, MARK) }],
      [name.replace(TOKEN, MARK)]: 1,
      password: longText(`x ${MARK}`),
    })
  })

  test.each([
    ['few', 20, 0],
    ['many', 100, 100],
  ])('takes medium texts to the thread where there are %s: %i', async (_, count, expected) => {
    const { longTexts, handedOver } = recording()
    const stage = createRedact({ masker: createRecordMasker(plain), longTexts })
    const texts = Array.from({ length: count }, (__, n) => longText(`${n} ${TOKEN}`, 125))
    const { records, ...batch } = batchOf({ texts, short: TOKEN })
    const passed: LogRecord[] = []
    await stage.process({ ...batch, records }, async () => {
      for (const { record } of records) passed.push(record as LogRecord)
      return []
    })
    expect(handedOver).toHaveLength(expected)
    expect(passed.map(({ masked }) => masked)).toEqual([{ 'github-token': count + 1 }])
    expect(JSON.stringify(passed)).not.toContain(TOKEN)
  })

  test('lets nothing pass that could not be masked, and goes on', async () => {
    const masker = createRecordMasker(plain)
    const longTexts = {
      mask: () => Promise.reject(new Error('no')),
      close: () => Promise.resolve(),
    }
    const stage = createRedact({ masker, longTexts })
    let passed = 0
    const next = async () => {
      passed += 1
      return []
    }
    const failing = stage.process(batchOf({ text: longText(TOKEN) }), next)
    const other = stage.process(batchOf({ text: TOKEN }), next)
    await expect(failing).rejects.toThrow('no')
    await other
    expect(passed).toBe(1)
  })
})
