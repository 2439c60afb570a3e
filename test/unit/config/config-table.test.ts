import { describe, expect, it } from 'vitest'
import { configTable } from '../../../src/config/config-table.ts'
import { environmentSchema } from '../../../src/config/schema.ts'

describe('the table of variables', () => {
  it('has a row for each, in order, in one line of words', () => {
    const rows = configTable()
    expect(rows.map((row) => row.name)).toEqual(Object.keys(environmentSchema.shape))
    for (const row of rows) {
      expect(row.doc).toMatch(/^[A-Z].{10,110}\.$/)
      expect(row.type).not.toBe('')
    }
  })

  it('shows the defaults that are used', () => {
    const used = environmentSchema.parse({})
    const shown = configTable().filter(({ name }) => name in used)
    expect(shown.length).toBeGreaterThan(8)
    expect(
      environmentSchema.parse(Object.fromEntries(shown.map((row) => [row.name, row.fallback]))),
    ).toEqual(used)
  })
})
