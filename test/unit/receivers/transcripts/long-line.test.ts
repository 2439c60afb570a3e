/** Long lines keep their structure and the beginning of each text, wherever they are cut into pieces. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { linesOf } from '../../../../src/receivers/transcripts/lines.ts'
import { createLongLine } from '../../../../src/receivers/transcripts/long-line.ts'

const MB = 1024 * 1024

function shortened(line: Buffer, pieceBytes: number): Buffer | undefined {
  const long = createLongLine()
  for (let at = 0; at < line.length; at += pieceBytes) long.add(line.subarray(at, at + pieceBytes))
  return long.text()
}

const fill = (unit: string, bytes: number): string =>
  unit.repeat(Math.ceil(bytes / Buffer.byteLength(JSON.stringify(unit).slice(1, -1))))

const units = ['x', 'é', '☃', '😀', '"', '\\', '\n', '\u0001', '\\"', 'a"b\\c☃\u0000']

test.each(units)('texts of %j are cut between two characters', (unit) => {
  const text = fill(unit, 5 * MB)
  const line = Buffer.from(JSON.stringify({ type: 'user', a: text, after: 'kept', uuid: 'u1' }))
  const whole = shortened(line, line.length)
  const parsed = JSON.parse(whole?.toString() ?? '') as Readonly<Record<string, string>>
  expect(parsed).toMatchObject({ type: 'user', after: 'kept', uuid: 'u1' })
  expect(text.startsWith(parsed.a ?? '-')).toBe(true)
  expect(whole?.length).toBeLessThan(4.1 * MB)
  expect(parsed.a?.length).toBeGreaterThan(100_000)
  for (const pieceBytes of [65_537, 256 * 1024]) {
    expect(shortened(line, pieceBytes)?.equals(whole ?? Buffer.alloc(0))).toBe(true)
  }
})

test('a line with many long texts keeps all ids', () => {
  const blocks = Array.from({ length: 40 }, (_, index) => ({
    id: `toolu_${index}`,
    text: fill('x', MB),
  }))
  const line = Buffer.from(JSON.stringify({ blocks, uuid: 'u1' }))
  const short = shortened(line, 256 * 1024)
  expect(short?.length).toBeLessThan(10 * MB)
  const parsed = JSON.parse(short?.toString() ?? '') as {
    blocks: { id: string; text: string }[]
    uuid: string
  }
  expect(parsed.uuid).toBe('u1')
  expect(parsed.blocks.map(({ id }) => id)).toEqual(blocks.map(({ id }) => id))
  expect(parsed.blocks[0]?.text).toBe(blocks[0]?.text)
})

test('commas within texts are no values, and too many values are not parsed', () => {
  const table = fill('1,[{', 3 * MB)
  const kept = Buffer.from(JSON.stringify({ table }))
  expect(JSON.parse(shortened(kept, kept.length)?.toString() ?? '')).toEqual({ table })
  const wide = Buffer.from(`{"x":[${'[],'.repeat(MB)}[]]}`)
  expect(shortened(wide, wide.length)).toBeUndefined()
  const bytes = Buffer.alloc(40 * MB)
  expect(shortened(bytes, 256 * 1024)).toBeUndefined()
})

test('lines around a long one are read as they are, and so is one that has no end yet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claude-telemetry-lines-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'one.jsonl')
  const long = JSON.stringify({ text: fill('☃', 20 * MB), uuid: 'long' })
  const limit = JSON.stringify({ text: 'x'.repeat(MB - '{"text":""}'.length) })
  const lines = ['{"uuid":"first"}', long, '', limit, '{"uuid":"last"}\r', long]
  writeFileSync(path, lines.join('\n'))
  const file = await open(path)
  onTestFinished(() => file.close())
  const reader = linesOf(file, 0)
  const read: { text: string; isOpen: boolean; endsAt: number }[] = []
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
    read.push({ ...next, text: next.text?.toString() ?? 'too long' })
  }
  let endsAt = 0
  const ends = lines.map((line) => (endsAt += Buffer.byteLength(line) + 1))
  expect(read.map((line) => line.endsAt)).toEqual([...ends.slice(0, -1), endsAt - 1])
  expect(read.map(({ isOpen }) => isOpen)).toEqual([false, false, false, false, false, true])
  expect(read[0]?.text).toBe('{"uuid":"first"}')
  expect(read[3]?.text).toBe(limit)
  expect(read[4]?.text).toBe('{"uuid":"last"}')
  for (const at of [1, 5]) {
    expect(read[at]?.text.length).toBeLessThan(5 * MB)
    expect(JSON.parse(read[at]?.text ?? '')).toMatchObject({ uuid: 'long' })
  }
})
