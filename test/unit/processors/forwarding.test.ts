/** What is forwarded is masked before the store has its turn, and long texts on their thread. */
import { describe, expect, test } from 'vitest'
import type { ForwardedRequest, ForwardStore } from '../../../src/domain/forwarded-request.ts'
import { createForwarding } from '../../../src/processors/forwarding.ts'
import {
  createRecordMasker,
  createTextMasking,
  type MaskSettings,
  type RecordMasker,
} from '../../../src/processors/redact/record-masker.ts'

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const MARK = '[masked: github-token]'
const textOf = (length: number) => `${'A dull text. '.repeat(length / 13)}${TOKEN}`

const settings: MaskSettings = {
  mode: 'on',
  attributes: new Set(),
  userRules: [],
  content: new Set(),
}

/** A masker that tells what it masks itself, and the thread that tells what it was given. */
function createStand() {
  const here: string[] = []
  const handedOver: string[] = []
  const kept: ForwardedRequest[] = []
  let isWriting = false
  const records = createRecordMasker(settings)
  const masker: RecordMasker = {
    ...records,
    maskText: (text) => {
      if (isWriting) here.push(text)
      return records.maskText(text)
    },
    maskAttributes: (of) => {
      if (isWriting) here.push(JSON.stringify(of))
      return records.maskAttributes(of)
    },
  }
  const maskText = createTextMasking(settings)
  const longTexts = {
    mask: async (text: string) => {
      handedOver.push(text)
      return maskText(text)
    },
    close: () => Promise.resolve(),
  }
  const store: ForwardStore = {
    keep: async (items, requestOf) => {
      isWriting = true
      kept.push(requestOf(items.map(({ item }) => item)))
      isWriting = false
      return true
    },
  }
  const forwarding = createForwarding({ store, masker, longTexts, onKept: () => undefined })
  const keep = async (attributes: readonly unknown[], resource: readonly unknown[] = []) => {
    const logRecords = [{ attributes }]
    const body = {
      resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ logRecords }] }],
    }
    const bytes = Buffer.from(JSON.stringify(body))
    const work = { pause: () => Promise.resolve(), hold: () => true }
    await forwarding.keep(bytes, 'logs', 'json', work)
    return JSON.stringify(kept)
  }
  return { keep, here, handedOver }
}

describe('what is forwarded', () => {
  test.each([
    ['a text', 80_000, (text: string) => ({ stringValue: text })],
    [
      'a text in a list',
      80_000,
      (text: string) => ({ arrayValue: { values: [{ stringValue: text }] } }),
    ],
    ['bytes', 80_000, (text: string) => ({ bytesValue: Buffer.from(text).toString('base64') })],
  ])('is masked on the thread where it is long: %s', async (_, length, toValue) => {
    const { keep, here, handedOver } = createStand()
    const text = textOf(length)
    const request = await keep([{ key: 'prompt', value: toValue(text) }])
    expect(handedOver).toEqual([text])
    expect(here).toEqual([])
    expect(request).toContain(text.replace(TOKEN, MARK))
    expect(request).not.toContain(TOKEN)
  })

  test('is masked there, too, where medium texts are many, and with its resource', async () => {
    const { keep, here, handedOver } = createStand()
    const attributes = Array.from({ length: 60 }, (_, n) => ({
      key: `name${n}`,
      value: { stringValue: `${n} ${textOf(6000)}` },
    }))
    const shared = { key: 'shared', value: { stringValue: textOf(7000) } }
    const request = await keep(attributes, [shared])
    expect(handedOver).toHaveLength(61)
    expect(here).toEqual([])
    expect(request.split(MARK)).toHaveLength(62)
    expect(request).not.toContain(TOKEN)
  })

  test('is masked at once where it is short, before it is written', async () => {
    const { keep, here, handedOver } = createStand()
    const request = await keep([{ key: 'prompt', value: { stringValue: TOKEN } }])
    expect(request).toContain(MARK)
    expect([...here, ...handedOver]).toEqual([])
  })

  test('is refused where it could not be masked', async () => {
    const kept: unknown[] = []
    const forwarding = createForwarding({
      store: {
        keep: async (items) => {
          kept.push(items)
          return true
        },
      },
      masker: createRecordMasker(settings),
      longTexts: { mask: () => Promise.reject(new Error('no')), close: () => Promise.resolve() },
      onKept: () => undefined,
    })
    const value = { stringValue: textOf(80_000) }
    const logRecords = [{ attributes: [{ key: 'prompt', value }] }]
    const bytes = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
    const work = { pause: () => Promise.resolve(), hold: () => true }
    const keeping = forwarding.keep(bytes, 'logs', 'json', work)
    await expect(keeping).rejects.toThrow('no')
    expect(kept).toEqual([])
  })
})
